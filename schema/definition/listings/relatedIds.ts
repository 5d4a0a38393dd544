import type { z } from 'zod';
import { pathOrFunction } from '../callbacks';
import { listing } from './listing';
import { listMistakes } from './requestMistakes';

/**
 * Lists the related records of all records, as cheaply as the source can. A reconciliation compares their ids, and their versions where the
 * related records declare one, with what the rows hold, and reads what belongs to the records for which they differ: one that was removed is
 * then found although no list of changes shows it.
 * @example
 * {
 *   path: '/customers/contacts',
 *   query: { fields: 'id,customerId,modifiedOn' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { kind: 'contact' },
 *   params: 'query',
 *   paging: { scheme: 'token', param: 'from', next: 'continueFrom', more: 'hasMore' },
 *   records: 'data',
 *   total: 'totalCount',
 *   error: 'error',
 *   empty: { path: 'data', is: null },
 *   parent: 'customer.id',
 * }
 */
export const relatedIds = listing.omit({ covers: true, heldBack: true, tabular: true, report: true }).extend({
  /** Where a listed record contains the id of the record that it belongs to. Default: the `parent` of the related records. */
  parent: pathOrFunction.optional(),
});
export type RelatedIds = z.infer<typeof relatedIds>;

/** What is wrong with such a listing, with the path of each mistake. */
export function relatedIdsMistakes(at: string, request: RelatedIds): string[] {
  return listMistakes(at, request);
}
