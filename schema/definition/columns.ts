import { z } from 'zod';

/** A typed column of a destination table. */
export interface Column {
  readonly name: string;
  /** PostgreSQL's name of the type, as format_type() writes it */
  readonly type: string;
}

/** Types that an author can ask for where zod has no word for them: `z.string().meta({ column: 'numeric' })`. */
const askedTypes =
  /^(numeric(\(\d+,\d+\))?|bigint|integer|smallint|real|double precision|text|uuid|date|boolean|jsonb|timestamp with time zone|timestamp without time zone|time without time zone|interval|inet)$/;

/**
 * The column for one field of a row schema.
 * string → text, int → bigint, number → double precision, boolean, bigint → numeric, ISO date → date, ISO datetime → timestamptz,
 * enum/literal → text, object/array/anything → jsonb. Returns undefined when the schema can't become a column.
 */
export function columnType(schema: z.ZodType): string | undefined {
  const asked = z.globalRegistry.get(schema)?.column;
  if (typeof asked === 'string') return askedTypes.test(asked) ? asked : undefined;
  const def = (schema as unknown as { _zod: { def: ColumnDef } })._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'nonoptional':
      return def.innerType && columnType(def.innerType);
    case 'pipe':
      return def.out && columnType(def.out);
    case 'string':
      return stringFormats[def.format ?? ''] ?? 'text';
    case 'number':
      return def.format?.includes('int') || def.checks?.some((check) => check._zod.def.format?.includes('int'))
        ? 'bigint'
        : 'double precision';
    case 'bigint':
      return 'numeric';
    case 'boolean':
      return 'boolean';
    case 'date':
      return 'timestamp with time zone';
    case 'enum':
    case 'literal':
    case 'template_literal':
      return 'text';
    case 'object':
    case 'array':
    case 'tuple':
    case 'record':
    case 'any':
    case 'unknown':
    case 'union':
      return 'jsonb';
    default:
      return undefined;
  }
}

interface ColumnDef {
  readonly type: string;
  readonly format?: string;
  readonly innerType?: z.ZodType;
  readonly out?: z.ZodType;
  readonly checks?: readonly { _zod: { def: { format?: string } } }[];
}

const stringFormats: Readonly<Record<string, string>> = {
  date: 'date',
  datetime: 'timestamp with time zone',
  time: 'time without time zone',
  uuid: 'uuid',
  guid: 'uuid',
};
