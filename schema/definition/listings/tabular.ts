import { z } from 'zod';

const name = z.string().min(1);

/**
 * Rows as lists of values with one list of headers for all, as reports come: `{ headers: ['Order Number'], rows: [['A1']] }`. Each row becomes an
 * object of its fields, which `key`, `where` and `map` see; the `records` of the listing are the rows. A response in which a needed header is missing or comes
 * twice is refused as a whole. A row with more or fewer values than headers is set aside.
 * @example
 * {
 *   headers: 'data.headers',
 *   headerName: 'label',
 *   fields: { order: ['Order Number', 'Order No.'], location: 'Purchase Location' },
 *   optional: ['location'],
 *   others: ['Currency'],
 * }
 */
export const tabular = z.strictObject({
  /** Dotted path in the body to the list of headers, in the order of a row's values. */
  headers: name,
  /** Path in a header to its name, where headers are objects. */
  headerName: name.optional(),
  /** For each field of the object, the header that it comes from, or several names for it: the first that the response has counts, even where its values are null. */
  fields: z.record(name, z.union([name, z.array(name).min(1)])),
  /** Fields whose header may be missing. */
  optional: z.array(name).default([]),
  /** Further headers that are known. They become fields of their own name. With this list, a header that is in neither is logged once. */
  others: z.array(name).optional(),
});
export type Tabular = z.infer<typeof tabular>;

/** What is wrong with a table's definition by itself, with the path of each mistake. */
export function tabularMistakes(at: string, { fields, optional }: Tabular): string[] {
  const found = optional
    .filter((field) => !Object.hasOwn(fields, field))
    .map((field) => `${at}.optional: there is no field '${field}' in fields`);
  const users = new Map<string, string>();
  for (const [field, names] of Object.entries(fields)) {
    for (const header of [names].flat()) {
      const other = users.get(header);
      if (other !== undefined) found.push(`${at}.fields.${field}: '${header}' is a header of '${other}' already`);
      else users.set(header, field);
    }
  }
  return found;
}
