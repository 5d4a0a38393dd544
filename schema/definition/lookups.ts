import { z } from 'zod';
import type { Listing } from './listings/listing';

const name = z.string().min(1);
const text = z.union([z.string(), z.number(), z.boolean()]);

/**
 * A value that differs between the accounts of one API and that the source shows in a list, such as the id of a report. It stands for `{name}` in
 * the listings of every entity. The engine reads it when the first request needs it, and again after an hour.
 * @example
 * { path: '/reports', query: { category: 'sales' }, records: 'data', where: { 'attributes.slug': 'orders' }, value: 'id' }
 */
export const lookup = z.strictObject({
  /** The path of the list, appended to the connection's `baseUrl`. The record must be on its first page. */
  path: z.string().startsWith('/'),
  /** Its query parameters, such as the largest page size. They may contain `{settings}`. */
  query: z.record(z.string(), text).optional(),
  /** Dotted path in the body to the array of records. The empty path is the body itself. */
  records: z.string().default(''),
  /** By path in a record, the value by which it is the one. Exactly one record must have all of them. */
  where: z.record(name, text),
  /** Path in that record to the value. */
  value: name,
});
export type Lookup = z.infer<typeof lookup>;

export const lookups = z.record(z.string().regex(/^[a-zA-Z]\w*$/, { error: 'is no name for a placeholder' }), lookup);

/** The names that the engine fills itself. */
const taken: ReadonlySet<string> = new Set(['partition', 'since', 'until', 'id', 'ids', 'text', 'job', 'document']);

/** What is wrong with the names of lookups, one line each. */
export function lookupMistakes(
  where: string,
  declared: Readonly<Record<string, Lookup>>,
  settings: readonly string[],
): string[] {
  return Object.keys(declared).flatMap((one) => {
    if (taken.has(one)) return [`${where}.lookups.${one}: the engine fills {${one}} itself; choose another name`];
    return settings.includes(one) ? [`${where}.lookups.${one}: there is a setting of that name`] : [];
  });
}

/** The names of the lookups that the requests of an entity contain. */
export function lookupsIn(
  declared: Readonly<Record<string, Lookup>>,
  listings: { readonly all: Listing },
): readonly string[] {
  const requests = JSON.stringify(listings);
  return Object.keys(declared).filter((one) => requests.includes(`{${one}}`));
}
