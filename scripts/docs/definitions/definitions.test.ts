import { z } from 'zod';
import { auth } from '../../../schema/definition/auth/auth';
import { compositeKey } from '../../../schema/definition/compositeKey';
import { connectorDefinition } from '../../../schema/definition/connector';
import { entityDefinition } from '../../../schema/definition/entityDefinition';
import { paging } from '../../../schema/definition/listings/paging';
import { type Part, partsOf, renderDefinitions } from './definitions';
import { sections } from './sections';

const parts = sections.flatMap(partsOf);
const document = renderDefinitions();

/** Every object that a definition may contain, with its path. */
function objectsIn(schema: z.ZodType, path: string, found = new Map<z.ZodObject, string>()): Map<z.ZodObject, string> {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return objectsIn(schema.unwrap() as z.ZodType, path, found);
  }
  if (schema instanceof z.ZodUnion) {
    for (const option of schema.options) objectsIn(option as z.ZodType, path, found);
  }
  if (schema instanceof z.ZodObject && !found.has(schema)) {
    found.set(schema, path);
    for (const [name, field] of Object.entries(schema.shape)) objectsIn(field as z.ZodType, `${path}.${name}`, found);
  }
  return found;
}

const objects = [
  ...objectsIn(connectorDefinition, 'connector'),
  ...objectsIn(entityDefinition, 'entity'),
  ...objectsIn(auth, 'auth'),
  ...objectsIn(paging, 'paging'),
];

test('every field that a definition may have is explained', () => {
  expect(objects.length).toBeGreaterThan(20);
  for (const [object, path] of objects) {
    const names = Object.keys(object.shape);
    const tables = parts.map(({ fields }) => new Map(fields.map(({ name, meaning }) => [name, meaning])));
    const prefixes = [
      '',
      'reset.',
      'retryAfter.',
      'expired.',
      'fields.',
      'webhooks.',
      'webhooks.acknowledgement.',
      'listings.',
      'gone.',
      'deltaSyncField.',
    ];
    const explained = tables.some((table) =>
      prefixes.some((prefix) => names.every((name) => (table.get(`${prefix}${name}`) ?? '').length > 10)),
    );
    // small objects, such as `{ every }` and `{ header, pages }`, are shown in the type and meaning of the field that takes them
    const shape = new RegExp(`\\{ ${names.map((name) => `${name}: [^{}]+(\\{[^{}]*\\})?`).join(', ')} \\}`);
    const inType = names.length <= 3 && parts.some(({ fields }) => fields.some(({ type }) => shape.test(type)));
    expect([path, explained || inType]).toEqual([path, true]);
  }
});

const withSchema = parts.filter((part): part is Part & { schema: z.ZodObject } => part.schema instanceof z.ZodObject);

/** The example as an author's value; records are made up where a function receives one. */
function evaluated(example: string): object {
  return new Function('z', 'compositeKey', 'people', `return (${example})`)(z, compositeKey, {});
}

/** What stands in place of other fields: of a webhook signature, and of an entity whose records have an id. */
const alternatives: ReadonlySet<string> = new Set(['fields', 'verify', 'replaced']);

test.each(withSchema.map((part) => [part.title, part] as const))(
  'the example of %s is accepted and has every field',
  (_, part) => {
    const example = evaluated(part.example);
    expect(part.schema.safeParse(example).error).toBeUndefined();
    const shown = (object: object) => Object.keys(object).filter((name) => !alternatives.has(name));
    expect(shown(example).sort()).toEqual(shown(part.schema.shape).sort());
  },
);

test('each part is in the document, with its example', () => {
  for (const { title, example, fields } of parts) {
    expect(document).toContain(`# ${title}\n`);
    expect(document).toContain(example);
    for (const { name } of fields) expect(document).toContain(`| \`${name}\` |`);
  }
});
