import { z } from 'zod';
import { listing } from './listing';

/**
 * The listing `ids`: every field of a listing, and what it shows of each record.
 * @example
 * {
 *   path: '/v2/people/ids',
 *   query: { order: 'id' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { fields: ['id'] },
 *   params: 'query',
 *   paging: { scheme: 'token', param: 'page_token', next: 'next' },
 *   records: 'data',
 *   tabular: { headers: 'headers', fields: { id: 'ID' } },
 *   total: 'meta.total_count',
 *   error: { path: 'status', is: 'error' },
 *   empty: { path: 'data', is: null },
 *   covers: { field: 'booked_on', from: '365d' },
 *   heldBack: '15m',
 *   report: {
 *     job: 'id',
 *     poll: { request: { path: '/jobs/{job}' }, status: 'state', pending: ['running'], done: ['done'] },
 *     link: { at: 'url', hosts: ['files.example.com'] },
 *     document: { format: 'json', records: 'rows' },
 *   },
 *   presenceOnly: true,
 * }
 */
export const idsListing = listing.extend({
  /**
   * `true` where its records contain the key but no version. Reconciliation then finds what is missing and what is gone, but not which
   * rows are out of date, and its proof says so.
   */
  presenceOnly: z.boolean().default(false),
});
export type IdsListing = z.infer<typeof idsListing>;
export type IdsListingInput = z.input<typeof idsListing>;
