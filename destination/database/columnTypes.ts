import { types } from 'pg';

/**
 * How values of PostgreSQL become values of JavaScript, for this engine's connections only (pg's own table is global).
 * - bigint: a number while that is exact, else the digits as text, so that no id or count is ever rounded
 * - numeric: text; timestamptz: a Date (whole milliseconds; ±infinity become ±Infinity)
 * - date, timestamp, time and interval without a zone: PostgreSQL's text, because pg would read them in the
 *   process's own time zone and shift them
 */
export const columnTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (format === 'binary') return types.getTypeParser(oid, 'binary') as (value: string) => unknown;
    return parsers.get(oid) ?? (types.getTypeParser(oid, 'text') as (value: string) => unknown);
  },
};

const asText = (value: string): string => value;
/** text[], which pg's list of names lacks */
const textArrayOid: number = 1009;
const textArray = types.getTypeParser(textArrayOid, 'text') as (value: string) => (string | null)[];

/** By the oids of pg_type, which are fixed for built-in types. */
const parsers: ReadonlyMap<number, (value: string) => unknown> = new Map<number, (value: string) => unknown>([
  [20, bigint],
  [1016, (value) => textArray(value).map((item) => (item === null ? null : bigint(item)))],
  [1082, asText],
  [1083, asText],
  [1114, asText],
  [1186, asText],
  [1115, textArray],
  [1182, textArray],
]);

function bigint(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}
