import ms, { type StringValue } from 'ms';
import type { z as zod } from 'zod';
import { isStorable } from '../../../schema/text/storableText';

/**
 * What an operation takes, as plain data: each field knows its form on the command line, its JSON and its text in a query.
 * Nothing here loads zod, which is half of the time that `tidemark --help` takes: schemas are built on first use, from what
 * is handed in as `z`.
 */

/** zod, loaded by whoever needs a schema. */
export type Z = typeof zod;
type Schema<T> = zod.ZodType<T> | Promise<zod.ZodType<T>>;

/** How a field is written on the command line: by its place, as `--since <instant>`, as `--full`, or not at all. */
export type CliForm = 'argument' | 'option' | 'switch' | 'none';

export interface Field<T> {
  /** for `--help` and OpenAPI */
  readonly describe: string;
  readonly cli: CliForm;
  /** the placeholder of the value in `--help`: `instant` of `--since <instant>` */
  readonly value: string;
  readonly required: boolean;
  /** takes several values: an argument that is repeated */
  readonly many: boolean;
  /** what is meant where nothing is given; undefined: nothing */
  readonly usual: unknown;
  /** a switch of the command line that means null: `--all` instead of `--sample <n>` */
  readonly none: { readonly name: string; readonly describe: string } | undefined;
  /** One word of the command line as JSON. Throws an Error whose message says how to write it. */
  read(text: string): unknown;
  /** as JSON */
  json(z: Z): Schema<T>;
  /** as the text of a query or path parameter */
  text(z: Z): Schema<T>;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** What an operation with these fields gets, parsed. */
export type InputOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

interface Kind<T> {
  readonly value: string;
  readonly json: (z: Z) => Schema<T>;
  readonly text?: (z: Z) => Schema<T>;
  readonly read?: (text: string) => unknown;
}

function make<T>(describe: string, { value, json, text = json, read = (given) => given }: Kind<T>): Field<T> {
  const plain = { cli: 'option', required: true, many: false, usual: undefined, none: undefined } as const;
  return { describe, value, ...plain, read, json, text };
}

/** Text of at most `longest` characters that PostgreSQL and Temporal can take: they know neither U+0000 nor half of a surrogate pair. */
export function storable(z: Z, longest: number): zod.ZodString {
  return (
    z
      .string()
      .min(1)
      .max(longest)
      // not as a pattern: the API's description is read by languages whose patterns know no surrogates
      .refine(isStorable, { error: 'must not hold U+0000 or half of a surrogate pair' })
  );
}

interface Pattern {
  readonly pattern: RegExp;
  readonly error: string;
}

/** The fields that there are. Each is required, and an option on the command line, until a modifier below says otherwise. */
export const field = {
  /** the name of a connection, an entity, a connector, a secret */
  name: (describe: string, value = 'name') => make<string>(describe, { value, json: (z) => storable(z, 100) }),

  /** a record's id at the source */
  recordId: (describe: string) => make<string>(describe, { value: 'id', json: (z) => storable(z, 1_000) }),

  /** other text */
  text: (describe: string, { value, longest, only }: { value: string; longest: number; only?: Pattern }) =>
    make<string>(describe, {
      value,
      json: (z) => (only ? storable(z, longest).regex(only.pattern, { error: only.error }) : storable(z, longest)),
    }),

  /** the number of a run or a plan: text, since it may be larger than JSON's numbers are exact */
  number: (describe: string) =>
    make<string>(describe, {
      value: 'number',
      json: (z) => z.string().regex(/^\d{1,18}$/, { error: 'must be a number' }),
    }),

  integer: (describe: string, { min, max }: { min: number; max: number }, value = 'n') =>
    make<number>(describe, {
      value,
      json: (z) => z.int().min(min).max(max),
      text: (z) => z.coerce.number().int().min(min).max(max),
      read: (text) => {
        const given = Number(text);
        if (/^\d+$/.test(text) && given >= min && given <= max) return given;
        throw new Error(`It must be a whole number from ${min} to ${max}.`);
      },
    }),

  /** the number of an entry or an event */
  serial: (describe: string, value = 'number') =>
    make<number>(describe, {
      value,
      json: (z) => z.int().min(1),
      text: (z) => z.coerce.number().int().min(1),
      read: readSerial,
    }),

  /** several of them, at most 1,000 */
  serials: (describe: string): Field<readonly number[]> => ({
    ...make<readonly number[]>(describe, {
      value: 'number',
      json: (z) => z.array(z.int().min(1)).min(1).max(1_000),
      read: readSerial,
    }),
    many: true,
  }),

  /** one of a few words */
  oneOf: <const W extends string>(describe: string, words: readonly W[], value = 'word') =>
    make<W>(describe, {
      value,
      json: (z) => z.enum(words),
      read: (text) => {
        if (words.some((word) => word === text)) return text;
        throw new Error(`It must be one of ${words.join(', ')}.`);
      },
    }),

  /** ISO 8601 with its zone; the command line also takes how long ago: `2h` */
  instant: (describe: string) =>
    make<Date>(describe, {
      value: 'instant',
      json: (z) =>
        z.iso
          .datetime({ offset: true, error: "must be an instant such as '2026-03-01T00:00:00Z'" })
          .transform((text) => new Date(text)),
      read: readInstant,
    }),

  /** false unless it is given: `--full`; or true unless it is switched off: `--no-source` */
  flag: (describe: string, usual = false): Field<boolean> => ({
    ...withDefault(
      make<boolean>(describe, {
        value: '',
        json: (z) => z.boolean(),
        text: (z) => z.enum(['true', 'false']).transform((text) => text === 'true'),
      }),
      usual,
    ),
    cli: 'switch',
  }),

  /** JSON for which the command line has no form: the command makes it in its own way */
  json: <T>(describe: string, json: (z: Z) => Schema<T>): Field<T> => ({
    ...make<T>(describe, { value: 'json', json }),
    cli: 'none',
  }),
};

/** Given by its place on the command line. */
export function argument<T>(one: Field<T>): Field<T> {
  return { ...one, cli: 'argument' };
}

export function optional<T>(one: Field<T>): Field<T | undefined> {
  return {
    ...one,
    required: false,
    json: async (z) => (await one.json(z)).optional(),
    text: async (z) => (await one.text(z)).optional(),
  };
}

/** What is meant where nothing is given. */
export function withDefault<T>(one: Field<T>, usual: T): Field<T> {
  const filled = (schema: zod.ZodType<T>): zod.ZodType<T> => schema.default(usual as Exclude<T, undefined>);
  return {
    ...one,
    required: false,
    usual,
    json: async (z) => filled(await one.json(z)),
    text: async (z) => filled(await one.text(z)),
  };
}

/** Null has a meaning of its own; the command line says it by a switch, or, where it is the default, by silence. */
export function nullable<T>(one: Field<T>, none?: Field<T>['none']): Field<T | null> {
  return {
    ...one,
    none,
    json: async (z) => (await one.json(z)).nullable(),
    text: async (z) => (await one.text(z)).nullable(),
  };
}

function readSerial(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Error('It is a number, as the list shows it.');
}

/** `2026-03-01T06:00:00Z`, or how long ago: `2h` */
function readInstant(text: string): string {
  if (isDuration(text)) return new Date(Date.now() - ms(text as StringValue)).toISOString();
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = new Date(text);
  if (zoned && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new Error("Write an instant with its zone, such as '2026-03-01T06:00:00Z', or how long ago: '2h'.");
}

/** As `schema/duration` has it, which needs zod. */
export function isDuration(text: string): boolean {
  return text.trim() !== '' && text.length <= 50 && ms(text as StringValue) > 0;
}
