import { z } from 'zod';
import { valueIs } from './valueIs';

const name = z.string().min(1);
const at = z.union([name, z.strictObject({ header: name })]);

/**
 * The request for a feed's first token, where the listing `all` gives none.
 * @example
 * { path: '/changes/start', query: { site: 7 }, token: 'token' }
 */
export const firstToken = z.strictObject({
  /** The path of the request, as in a listing. */
  path: z.string().startsWith('/'),
  /** Its query parameters, as in a listing. */
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** Path in the body, or a header, with the token. */
  token: at,
});

/**
 * How `changes` goes on from a token that the source gives, where it takes no instant. The token of a run's last page is the cursor of
 * the next run.
 * @example
 * { token: 'next_sync_token', param: 'sync_token', first: { path: '/changes/start', token: 'token' }, expired: { statuses: [410] } }
 */
export const feed = z.strictObject({
  /** Path in the body, or a header (`{ header: 'X-Sync-Token' }`), with the token to go on with. Where pages lack it, the last page that has it counts. */
  token: at,
  /** The parameter that carries the token. Leave it out where the request contains `{since}`. Default: the `param` of paging scheme `token`. */
  param: name.optional(),
  /**
   * Where the first token comes from: `all`, where the listing `all` is the same feed from its beginning and contains tokens in the same
   * place, or a request for one. That request is sent before the first page of `all`, so that no change in between is lost.
   */
  first: z.union([z.literal('all'), firstToken]),
  /** How the source says that it no longer knows a token. Everything is then read again, and a reconciliation follows. */
  expired: z
    .strictObject({
      /** The statuses that say so. */
      statuses: z.array(z.int().min(400).max(499)).default([410]),
      /** A value in the body that says so, whatever the status, such as `{ path: 'error.code', is: 'invalid_token' }`. */
      error: valueIs.optional(),
    })
    .prefault({}),
});
export type Feed = z.infer<typeof feed>;
