import { z } from 'zod';
import { duration, parseDuration } from '../../duration';
import { covers } from './covers';
import { feed } from './feed';
import { oneFunction } from './ownRequests';
import { paging } from './paging';
import { report } from './report';
import { type Since, since } from './since';
import { tabular } from './tabular';
import { valueIs } from './valueIs';

const name = z.string().min(1);

const query = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const request = {
  /**
   * The path of the request, appended to the connection's `baseUrl`. `{tenantId}` is replaced by the connection's setting of
   * that name, `{partition}` by each of the entity's `partitions`, and `{id}` (in `one`) by the record's id. In `changes`,
   * `{since}` is replaced by the cursor and `{until}` by the present, or by the end of the `window`. `{{id}}` is the text `{id}` itself.
   */
  path: z.string().startsWith('/'),
  /** Query parameters of each request: text, numbers or booleans. `{…}` is replaced as in `path`. */
  query: query.optional(),
  /** Headers of each request, in addition to those of the connector. */
  headers: z.record(z.string(), z.string()).optional(),
  /** `POST` for endpoints that search. The engine repeats the request like any other, so it must only read. */
  method: z.enum(['GET', 'POST']).default('GET'),
  /** What a `POST` sends as JSON. `{…}` is replaced as in `path`. */
  body: z.json().optional(),
};

const error = z.union([name, valueIs]);
export type ErrorSign = z.infer<typeof error>;
const pages = z.enum(['every', 'first']).default('every');
const total = z.union([name, z.strictObject({ path: name, pages }), z.strictObject({ header: name, pages })]);
export type Total = z.infer<typeof total>;

/**
 * One way to enumerate an entity. `all` lists every record, `changes` the records changed since the cursor, and `ids` every record
 * in a cheaper form, of which only key and version are read.
 * @example
 * {
 *   path: '/v2/{tenantId}/people',
 *   query: { include: 'emails', active: true },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { kind: 'person' },
 *   params: 'body',
 *   paging: { scheme: 'keyset', param: 'after', from: 'id', sizeParam: 'limit', pageSize: 100 },
 *   records: 'data',
 *   tabular: { headers: 'headers', fields: { id: 'ID' } },
 *   total: 'meta.total_count',
 *   error: 'errors.0.message',
 *   empty: { path: 'data', is: null },
 *   covers: { field: 'booked_on', from: '365d' },
 *   heldBack: '15m',
 *   report: {
 *     job: 'id',
 *     poll: { request: { path: '/jobs/{job}' }, status: 'state', pending: ['running'], done: ['done'] },
 *     link: { at: 'url', hosts: ['files.example.com'] },
 *     document: { format: 'json', records: 'rows' },
 *   },
 * }
 */
export const listing = z.strictObject({
  ...request,
  /** How the source splits the list into pages. */
  paging,
  /** Where the parameters of `paging` and `since` go: `query`, or `body` as dotted paths, the default with `method: 'POST'`. */
  params: z.enum(['query', 'body']).optional(),
  /** Dotted path in the body to the array of records. The empty path is the body itself. */
  records: z.string().default(''),
  /** Where rows are lists of values and their headers come once: how they become objects. */
  tabular: tabular.optional(),
  /**
   * Path in the body to the number of records of the whole list, where the source states it, or `{ header: 'X-Total-Count' }`. The run fails
   * when another number was read or a response lacks it; with `pages: 'first'`, only the first page must have it.
   */
  total: total.optional(),
  /**
   * Path in the body that is present only when a response with status 200 is an error, or a path and the value that means an error, such
   * as `{ path: 'status', is: false }`. Its text is shown in the run's error.
   */
  error: error.optional(),
  /** The value in the body that means "no records" where there is no list, such as `{ path: 'data', is: null }`. */
  empty: valueIs.optional(),
  /** The range of records that the list shows, where it does not show all. Of a list that shows everything leave it out. */
  covers: covers.optional(),
  /** How long the source withholds its newest changes from this list, such as `15m`: the cursor is left that much earlier. */
  heldBack: duration.optional(),
  /** Where the source makes the list as a job: how it is started, asked for and downloaded. */
  report: report.optional(),
});
export type Listing = z.infer<typeof listing>;
export type ListingInput = z.input<typeof listing>;

/**
 * The listing `changes`: every field of a listing, and `since` or `feed`, one of the two.
 * @example
 * {
 *   path: '/v2/people',
 *   query: { order: 'updated_at' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { kind: 'person' },
 *   params: 'query',
 *   paging: { scheme: 'token', param: 'page_token', next: 'next' },
 *   records: 'data',
 *   tabular: { headers: 'headers', fields: { id: 'ID' } },
 *   total: { header: 'X-Total-Count' },
 *   error: { path: 'status', is: 'error' },
 *   empty: { path: 'data', is: null },
 *   heldBack: '15m',
 *   report: {
 *     job: 'id',
 *     poll: { request: { path: '/jobs/{job}' }, status: 'state', pending: ['running'], done: ['done'] },
 *     link: { at: 'url', hosts: ['files.example.com'] },
 *     document: { format: 'json', records: 'rows' },
 *   },
 *   since: { param: 'updated_since', form: 'iso-milliseconds', boundary: 'inclusive' },
 *   feed: { token: 'sync_token', first: 'all' },
 * }
 */
export const changesListing = listing.omit({ covers: true }).extend({
  /** How the source is asked for the records changed since an instant. */
  since: since.optional(),
  /** How it is asked for what changed since it gave a token, instead of `since`. */
  feed: feed.optional(),
});
export type ChangesListing = z.infer<typeof changesListing>;

/** A listing `changes` that is filtered by an instant. */
export type FilteredListing = ChangesListing & { readonly since: Since };

/** The listing `changes` where it is filtered by an instant; undefined where there is none, or one that goes on from a token. */
export function filteredBy(changes: ChangesListing | undefined): FilteredListing | undefined {
  return changes?.since === undefined ? undefined : { ...changes, since: changes.since };
}
export type ChangesListingInput = z.input<typeof changesListing>;

/**
 * The request that returns one record by its id. Webhooks need it, and reconciliation confirms with it that a record is gone.
 * @example
 * {
 *   path: '/v2/people/search',
 *   query: { include: 'emails' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { id: '{id}' },
 *   record: 'data.0',
 *   error: 'error',
 *   read: async ({ id, request, live, gone }) => {
 *     const { body } = await request({ body: { id } });
 *     return body.data.length === 0 ? gone('the search found nothing') : live(body.data[0]);
 *   },
 *   otherId: 'gone-if-unlisted',
 * }
 */
export const one = z.strictObject({
  ...request,
  /** Dotted path in the body to the record. The empty path is the body itself. */
  record: z.string().default(''),
  /** As in a listing. */
  error: error.optional(),
  /**
   * A function that reads the record, where one request cannot. It asks with `request` and returns `live(record)` or `gone(evidence)`; anything
   * else fails. It receives a [context](#context-of-the-function-of-one).
   */
  read: oneFunction.optional(),
  /**
   * What it means when the source answers with another record, as some do after a merge: `gone` always means gone, `gone-if-unlisted` only
   * where a complete listing lacks the record too, `error` never; the row then stays.
   */
  otherId: z.enum(['gone', 'gone-if-unlisted', 'error']).default('gone-if-unlisted'),
});
export type One = z.infer<typeof one>;
export type OneInput = z.input<typeof one>;

/** The parameter that carries a feed's token; undefined where only the request's `{since}` can. */
export function feedParam({ feed: from, paging: pages }: Pick<ChangesListing, 'feed' | 'paging'>): string | undefined {
  return from?.param ?? (pages.scheme === 'token' ? pages.param : undefined);
}

/** For how long a listing withholds the newest changes, in milliseconds. */
export function heldBackMs(listing: Pick<Listing, 'heldBack'> | undefined): number {
  return listing?.heldBack === undefined ? 0 : parseDuration(listing.heldBack);
}

/** The names of an entity's paged listings. */
export type ListingName = 'all' | 'changes' | 'ids';

/** Where an unfinished listing goes on: made by the paging scheme, opaque to everyone else, a few hundred bytes of JSON. */
export type ResumePoint = { [key: string]: string | number | boolean | null };
