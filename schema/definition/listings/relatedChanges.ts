import { z } from 'zod';
import { pathOrFunction } from '../callbacks';
import { changesListing } from './listing';
import { changesMistakes } from './requestMistakes';

/**
 * Lists the related records that were changed since a cursor of its own, so that one that changed alone arrives with the next delta: each
 * delta reads this list, and then reads what belongs to the records that the listed ones name. With `since`, `since.field` is needed:
 * these records have no version by which a filter that the source ignores would show.
 * @example
 * {
 *   path: '/customers/contacts',
 *   query: { active: 'any' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { kind: 'contact' },
 *   params: 'query',
 *   paging: { scheme: 'page', sizeParam: 'pageSize', pageSize: 500, more: 'hasMore' },
 *   records: 'data',
 *   total: 'totalCount',
 *   error: 'error',
 *   empty: { path: 'data', is: null },
 *   heldBack: '15m',
 *   since: { param: 'modifiedOnOrAfter', field: 'modifiedOn', form: 'iso-seconds', boundary: 'inclusive' },
 *   feed: { token: 'sync_token', param: 'sync_token', first: { path: '/changes/start', token: 'token' } },
 *   parent: 'customer.id',
 *   listsRemoved: true,
 * }
 */
export const relatedChanges = changesListing.omit({ tabular: true, report: true }).extend({
  /** Where a listed record contains the id of the record that it belongs to. Default: the `parent` of the related records. */
  parent: pathOrFunction.optional(),
  /** `true` where this list shows related records that were removed, too; `parent` must lead to their record. */
  listsRemoved: z.boolean().default(false),
});
export type RelatedChanges = z.infer<typeof relatedChanges>;

/** What is wrong with such a listing, with the path of each mistake. */
export function relatedChangesMistakes(at: string, listing: RelatedChanges): string[] {
  const found = changesMistakes(at, listing);
  if (listing.since !== undefined && listing.since.field === undefined)
    found.push(
      `${at}.since.field: required, since related records have no version that shows whether the filter works`,
    );
  if (listing.since?.window !== undefined)
    found.push(`${at}.since.window: not available for related records; their changes are read in one range`);
  if (listing.feed?.first === 'all')
    found.push(
      `${at}.feed.first: must be a request for the first token, since related records have no listing \`all\` with tokens`,
    );
  return found;
}
