import { z } from 'zod';
import type { Column } from './columns';
import { zone } from './zone';

/**
 * Says that records have no id, so that the lines of a day are replaced together. `key` then returns the fields that lines of a day may have in common,
 * such as the number of an order; lines with equal fields are counted. A day is replaced only where the list was asked for a day more on each
 * side. A line that its day no longer lists is soft-deleted; many at once wait for an operator.
 * @example
 * { day: 'sold_on', timeZone: 'America/New_York' }
 */
export const replaced = z.strictObject({
  /** The column of `row` that holds the day of a line: a date. It must not be null. */
  day: z.string().min(1),
  /** The zone of those days: a name such as `Europe/Berlin`, or `connection` for that of the connection. */
  timeZone: zone.default('connection'),
});
export type Replaced = z.infer<typeof replaced>;

/** What the rest of the entity declares that matters here. */
interface Circumstances {
  readonly columns: readonly Column[];
  /** fields of the entity that need a record with an id, a version or both, as far as they are declared */
  readonly others: Readonly<Record<string, unknown>>;
  readonly conflict: 'update' | 'skip';
  readonly covers: { readonly field: string } | undefined;
  readonly changes:
    | {
        readonly since?: { readonly window?: { readonly atMost?: string | undefined } | undefined } | undefined;
        readonly report?: { readonly window?: object | undefined } | undefined;
      }
    | undefined;
}

/** What is wrong with the field by itself and with the rest of its entity, with the path of each mistake. */
export function replacedMistakes(
  where: string,
  { day }: Replaced,
  { columns, others, conflict, covers, changes }: Circumstances,
): string[] {
  const at = `${where}.replaced`;
  const found: string[] = [];
  const column = columns.find(({ name }) => name === day);
  if (column === undefined) found.push(`${at}.day: the row has no column ${day}`);
  else if (column.type !== 'date')
    found.push(`${at}.day: column ${day} is ${column.type}; a day is a date, such as z.iso.date()`);
  for (const [path, value] of Object.entries(others)) {
    if (value !== undefined) found.push(`${at}: leave out ${path}; a line that is replaced with its day has no id`);
  }
  if (conflict === 'skip') found.push(`${at}: with conflict 'skip' rows are never changed, so no day can be replaced`);
  if (covers !== undefined && covers.field !== day)
    found.push(
      `${where}.listings.all.covers.field: must be ${day}, so that it is known which days the list shows in full`,
    );
  const window = changes?.since?.window;
  if (changes !== undefined && window === undefined && changes.report?.window === undefined) {
    found.push(
      `${where}.listings.changes.since.window: required with replaced, so that the range that was asked for is known; or a report with a window`,
    );
  }
  if (window?.atMost !== undefined)
    found.push(
      `${where}.listings.changes.since.window.atMost: days are replaced from one list, so their range is not read in parts; leave it out, and declare a shorter \`back\``,
    );
  return found;
}

/** So much wider than what is replaced is the range that is asked for, at each end: the day that is replaced last, and a day more. */
export const replacedMarginMs = 2 * 24 * 60 * 60 * 1000;
