import fc from 'fast-check';

/** For tests: requests to every operation of an OpenAPI document, of which nearly all are wrong in some way. */

/** JSON Schema, as far as the description uses it. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
}

export interface Described {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly body: Schema | undefined;
  /** the status of success */
  readonly status: number;
  /** all that it may answer with */
  readonly statuses: readonly number[];
}

interface Item {
  readonly parameters?: Described['parameters'];
  readonly requestBody?: { readonly content: { readonly 'application/json'?: { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Those that take JSON or nothing: what is wrong with an uploaded file is no matter of schemas. */
export function operationsOf(document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Item>>>>;
}): Described[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { parameters = [], requestBody, responses }]) => {
      const json = requestBody?.content['application/json'];
      if (requestBody !== undefined && json === undefined) return [];
      return [
        {
          method: method.toUpperCase(),
          path,
          parameters,
          body: json?.schema,
          status: Number(Object.keys(responses).find((status) => status.startsWith('2'))),
          statuses: Object.keys(responses).map(Number),
        },
      ];
    }),
  );
}

/** Texts that break things elsewhere. As they stand in a path they are encoded, or on purpose not. */
const evilTexts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'a\udc00b',
  '../..',
  'a/b',
  '%',
  '%00',
  '%zz',
  '%2F',
  "'; drop table tidemark.runs; --",
  `$${'{7*7}'}`,
  '__proto__',
  'constructor',
  'toString',
  '\u202e\ufeff💥',
  '\r\nx-evil: 1',
  'x'.repeat(5_000),
  '-1',
  '0',
  '1e309',
  'NaN',
  '9'.repeat(30),
  '99999999999999999',
  '0x10',
  'true',
  '2026-02-31T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
];

const evilText = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...evilTexts) }, fc.string({ unit: 'binary' }));

const evilValue: fc.Arbitrary<unknown> = fc.oneof(
  evilText,
  fc.constantFrom(null, true, -1, 0, 1.5, 1e308, -0, 2 ** 53, [], {}, [[]], { a: { b: null } }),
  fc.json().map((text) => JSON.parse(text) as unknown),
);

/** What is right for a field of this name, so that requests come past the schemas. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

function rightValue(name: string, schema: Schema, known: Known): fc.Arbitrary<unknown> {
  const values = known[name];
  if (values !== undefined) return fc.constantFrom(...values);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => rightValue(name, one, known)));
  switch (schema.type) {
    case 'object':
      return schema.properties ? objectOf(schema, known) : fc.dictionary(evilText, evilValue, { maxKeys: 2 });
    case 'array':
      return fc.array(valueFor(name, schema.items ?? {}, known), { maxLength: 3 });
    case 'integer':
    case 'number':
      return fc.constantFrom(schema.minimum ?? 0, 1, 2, 1000);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.constantFrom('a', 'demo', '1');
  }
}

/** Mostly right, so that now and then all of a request is. */
function valueFor(name: string, schema: Schema, known: Known): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 5, arbitrary: rightValue(name, schema, known) }, { weight: 1, arbitrary: evilValue });
}

function objectOf({ properties = {}, required = [] }: Schema, known: Known): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const value = valueFor(name, schema, known);
    const there = required.includes(name) ? 12 : 1;
    return fc
      .oneof({ weight: there, arbitrary: value.map((one) => [one]) }, { weight: 1, arbitrary: fc.constant([]) })
      .map((values) => values.map((one) => [name, one] as const));
  });
  const foreign = fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(evilText, evilValue).map((one) => [one]) },
  );
  return fc.tuple(fc.tuple(...fields), foreign).map(([given, more]) => Object.fromEntries([...given.flat(), ...more]));
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string | Buffer | undefined;
  readonly contentType: string;
}

/** `encodeURIComponent`, which refuses lone surrogates, of bytes: those become what a careless client would send. */
function encoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** The values of a request, by where they stand. */
interface Values {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: readonly (readonly [string, unknown])[];
  readonly body: unknown;
}

function sentOf({ method, path }: Described, values: Values, raw = false): Sent {
  const address = path.replace(/\{(\w+)\}/g, (_all, name) => {
    const text = asText(values.path[name]);
    // what Node refuses to send is no request
    return raw && /^[\x21-\x7e]*$/.test(text) && !/[?#]/.test(text) ? text : encoded(text);
  });
  const search = values.query.map(([name, value]) => `${name}=${encoded(asText(value))}`).join('&');
  return {
    method,
    path: search === '' ? address : `${address}?${search}`,
    body: values.body === undefined ? undefined : JSON.stringify(values.body),
    contentType: 'application/json',
  };
}

/** A request to this operation, in which several things may be wrong. */
export function requestTo(operation: Described, known: Known): fc.Arbitrary<Sent> {
  const of = (where: string) =>
    operation.parameters
      .filter((one) => one.in === where)
      .map(({ name, schema }) => valueFor(name, schema, known).map((value) => [name, value] as const));
  const foreign = fc.constantFrom(['x', '1'], ['id', ['1', '2']], ['__proto__', '1'], ['limit', '']);
  return fc
    .record({
      path: fc.tuple(...of('path')),
      query: fc.tuple(...of('query')),
      more: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: foreign.map((one) => [one]) }),
      raw: fc.boolean(),
      body: operation.body === undefined ? fc.constant(undefined) : objectOf(operation.body, known),
    })
    .map(({ path, query, more, raw, body }) => {
      const pairs = [...query, ...more] as (readonly [string, unknown])[];
      return sentOf(operation, { path: Object.fromEntries(path), query: pairs, body }, raw);
    });
}

/** What breaks one thing or another, for a single field. */
const faults: readonly unknown[] = ['a\0b', '\ud800', 'x'.repeat(5_000), -1, null, { a: [1] }];

interface Field {
  readonly where: string;
  readonly path: readonly string[];
}

/** A request that is right, with what is required, what is `always` to be said, and `wrong` in at most one field. */
function rightBut(
  operation: Described,
  known: Known,
  always: readonly string[],
  wrong?: Field & { readonly fault: unknown },
): Sent {
  const right = (name: string) => known[name]?.[0] ?? '1';
  const faulty = (where: string, name: string) => wrong?.where === where && wrong.path[0] === name;
  const given = (where: string) =>
    operation.parameters
      .filter((one) => one.in === where && (one.required || always.includes(one.name) || faulty(where, one.name)))
      .map(({ name }) => [name, faulty(where, name) ? wrong?.fault : right(name)] as const);
  const { required: needed = [], properties = {} } = operation.body ?? {};
  const names = Object.keys(properties).filter((name) => needed.includes(name) || always.includes(name));
  const required = names.map((name) => [name, right(name)] as const);
  const [top = '', ...rest] = wrong?.where === 'body' ? wrong.path : [];
  const value = rest.reduceRight((inner: unknown, name) => ({ [name]: inner }), wrong?.fault);
  const body = Object.fromEntries([...required, ...(top === '' ? [] : [[top, value] as const])]);
  return sentOf(operation, {
    path: Object.fromEntries(given('path')),
    query: given('query'),
    body: operation.body === undefined ? undefined : body,
  });
}

/** A request with nothing wrong in it. */
export function rightRequest(operation: Described, known: Known, always: readonly string[]): Sent {
  return rightBut(operation, known, always);
}

/** Requests that are right but for one field. */
export function singleFaults(operation: Described, known: Known, always: readonly string[]): Sent[] {
  const inBody = operation.body === undefined ? [] : fieldsOf(operation.body);
  const fields: Field[] = [...operation.parameters.map((one) => ({ where: one.in, path: [one.name] })), ...inBody];
  return fields.flatMap((field) => faults.map((fault) => rightBut(operation, known, always, { ...field, fault })));
}

/** Its fields, and the fields of those. */
function fieldsOf({ properties = {} }: Schema, above: readonly string[] = []): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = [...above, name];
    const within = schema.additionalProperties
      ? [
          { where: 'body', path: [...path, 'a\0b'] },
          { where: 'body', path: [...path, 'baseUrl'] },
        ]
      : [];
    return [{ where: 'body', path }, ...within, ...fieldsOf(schema, path)];
  });
}

/** Bodies that are not even JSON, or too much of it. */
export const evilBodies: readonly Pick<Sent, 'body' | 'contentType'>[] = [
  { body: '{', contentType: 'application/json' },
  { body: '"text"', contentType: 'application/json' },
  { body: 'null', contentType: 'application/json' },
  { body: '{"__proto__": {"reason": "x"}}', contentType: 'application/json' },
  { body: `{"settings": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`, contentType: 'application/json' },
  { body: '['.repeat(900_000), contentType: 'application/json' },
  { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), contentType: 'application/json' },
  { body: '{"reason": NaN}', contentType: 'application/json; charset=utf-8' },
  { body: 'reason=x', contentType: 'application/x-www-form-urlencoded' },
  { body: '{"reason": "x"}', contentType: 'text/plain' },
  { body: '{"reason": "x"}', contentType: '' },
  { body: '<x/>', contentType: 'not a type' },
];
