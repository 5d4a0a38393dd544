import { z } from 'zod';
import { duration } from '../../duration';
import type { Column } from '../columns';
import { timeZone } from '../schedule';

/**
 * The range of records that a listing shows, where it does not show all of them: a report of the last year, or one that lacks today. A row
 * outside of the range, or within a day of its ends, is not absent because the list lacks it.
 * @example
 * { field: 'booked_on', from: '365d', to: 'today', timeZone: 'Europe/Berlin' }
 */
export const covers = z.strictObject({
  /** The column of `row` by which the source limits the list: a date or an instant. */
  field: z.string().min(1),
  /** How long before the request the range begins, such as `365d`. Default: it has no beginning. */
  from: duration.optional(),
  /** Where the range ends: `today` excludes the present day, a duration such as `2d` counts back from the request. Default: it has no end. */
  to: z.union([z.literal('today'), duration]).optional(),
  /** The time zone in which the source counts days. Default: the connection's. */
  timeZone: timeZone.optional(),
});
export type Covers = z.infer<typeof covers>;

const comparable: ReadonlySet<string> = new Set(['date', 'timestamp with time zone', 'timestamp without time zone']);

/** What is wrong with the ranges of an entity's listings, one line each with its path. */
export function coversMistakes(
  where: string,
  listings: Readonly<Record<string, { readonly covers?: Covers | undefined } | undefined>>,
  columns: readonly Column[],
): string[] {
  return Object.entries(listings).flatMap(([name, listing]) => {
    if (listing?.covers === undefined) return [];
    const at = `${where}.listings.${name}.covers`;
    const { field, from, to } = listing.covers;
    const column = columns.find((one) => one.name === field);
    return [
      ...(column === undefined ? [`${at}.field: the row has no column ${field}`] : []),
      ...(column !== undefined && !comparable.has(column.type)
        ? [`${at}.field: column ${field} is ${column.type}, and a range needs a date or an instant`]
        : []),
      ...(from === undefined && to === undefined ? [`${at}: needs \`from\`, \`to\`, or both`] : []),
    ];
  });
}
