import { z } from 'zod';

/**
 * What happens to several records with one key in the listings of one run, across pages and partitions. Without it, each of them is written
 * like a new response about the record, and the row is disputed.
 * @example
 * { keep: 'first', ordered: true }
 */
export const duplicates = z.strictObject({
  /** Which of them is the record: `first` and `last` by the order of partitions and then of the list; `newest` by version, the first among equals. The others are counted as duplicates. With `last`, each of them is written, and the last one stays. */
  keep: z.enum(['first', 'last', 'newest']),
  /** `true` where the source lists records in an order that stays the same from run to run. `first` and `last` need it, unless `conflict` is `skip`: otherwise the row would change from run to run. */
  ordered: z.boolean().default(false),
});
export type Duplicates = z.infer<typeof duplicates>;

interface Circumstances {
  readonly conflict: 'update' | 'skip';
  /** undefined where records have no version */
  readonly kind: string | undefined;
  readonly hasIds: boolean;
}

/** What is wrong with the field by itself and with the rest of its entity, with the path of each mistake. */
export function duplicatesMistakes(
  at: string,
  { keep, ordered }: Duplicates,
  { conflict, kind, hasIds }: Circumstances,
): string[] {
  const found: string[] = [];
  if (keep === 'newest' && (kind === undefined || kind === 'opaque'))
    found.push(`${at}.keep: 'newest' needs versions that have an order: set deltaSyncField, or keep 'first'`);
  if (keep === 'last' && conflict === 'skip')
    found.push(`${at}.keep: with conflict 'skip' a row is written once, so only 'first' can be kept`);
  if (keep !== 'newest' && conflict === 'update' && !ordered)
    found.push(
      `${at}.ordered: required with '${keep}' and conflict 'update': say that the source lists records in a stable order`,
    );
  if (hasIds) found.push(`${at}: duplicates are judged by whole listings; leave out listings.ids`);
  return found;
}
