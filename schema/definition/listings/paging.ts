import { z } from 'zod';
import { listingFunction } from './ownRequests';
import { more } from './valueIs';

const name = z.string().min(1);
/** where a page names the next one: a path in the body, or a header */
const next = z.union([name, z.strictObject({ header: name })]);
const pageSize = z.int().min(1).max(100_000);

/**
 * How an API hands out a list in pages. Lists change while they are read: with paging by position (`offset`, `page`), a record that
 * leaves an earlier page shifts another record across the page boundary, where no page shows it. The engine therefore checks
 * each page boundary of these two schemes and reads the list again from where it broke. Prefer `keyset`, `token` or `link`
 * where the API has them.
 */
// A further scheme is a variant here and a file in `source/paging/`.
export const paging = z.discriminatedUnion('scheme', [
  /**
   * One response holds the whole list.
   * @example
   * { scheme: 'none' }
   */
  z.strictObject({ scheme: z.literal('none') }),
  /**
   * A page begins at a position counted in records: `offset=200&per_page=100`.
   * @example
   * { scheme: 'offset', param: 'offset', sizeParam: 'per_page', pageSize: 100, overlap: 1, more: 'links.next' }
   */
  z.strictObject({
    scheme: z.literal('offset'),
    /** The query parameter for the position of a page's first record, counted from 0. */
    param: name.default('offset'),
    /** The query parameter for the number of records per page. */
    sizeParam: name,
    /** How many records to request per page. Use the largest number that the API accepts. */
    pageSize,
    /** How many records consecutive pages share. Their ids must agree, which shows that nothing moved at the page boundary. */
    overlap: z.int().min(1).max(50).default(1),
    /** Path in the body whose value, while another page follows, is present and neither null, false nor empty; or a path and the value that says so, such as `{ path: 'state', is: 'MORE' }`. Without it the list ends when `total` records were read, or, without `total`, at a page that is not full. */
    more: more.optional(),
  }),
  /**
   * Pages are numbered: `page=3&pageSize=100`. The engine varies the page size slightly, up to `pageSize`, so that consecutive pages
   * overlap and page boundaries can be checked.
   * @example
   * { scheme: 'page', param: 'page', sizeParam: 'pageSize', pageSize: 100, firstPage: 1, more: 'next', stable: false }
   */
  z.strictObject({
    scheme: z.literal('page'),
    /** The query parameter for the number of the page. */
    param: name.default('page'),
    /** The query parameter for the number of records per page. */
    sizeParam: name,
    /** The largest number of records to request per page. */
    pageSize,
    /** The number of the first page; 0 for some APIs. */
    firstPage: z.int().default(1),
    /** Path in the body whose value, while another page follows, is present and neither null, false nor empty; or a path and the value that says so, such as `{ path: 'state', is: 'MORE' }`. Without it the list ends when `total` records were read, or, without `total`, at a page that is not full. */
    more: more.optional(),
    /** `true` where the order cannot change and no record is ever removed. The engine then does not check page boundaries. */
    stable: z.boolean().default(false),
  }),
  /**
   * Each page contains the address of the next, in the body or in the `Link` header. The engine follows it at the base URL's origin only;
   * an address that differs from it in scheme or port, as servers behind a proxy write it, is followed there too.
   * @example
   * { scheme: 'link', next: { header: 'Link' }, more: { path: 'state', is: 'MORE' }, followAt: 'baseUrl', sizeParam: 'per_page', pageSize: 100 }
   */
  z.strictObject({
    scheme: z.literal('link'),
    /**
     * Path in the body to the address of the next page, or a header (`{ header: 'Link' }`, the target of `rel="next"`). The list ends
     * where it is absent, null or empty, unless `more` is declared.
     */
    next,
    /** As for `token`. */
    more: more.optional(),
    /** `baseUrl` follows path and query of each address at the base URL, whatever host the address names. */
    followAt: z.literal('baseUrl').optional(),
    /** The query parameter for the number of records per page, on the first request. */
    sizeParam: name.optional(),
    /** How many records to request per page. */
    pageSize: pageSize.optional(),
  }),
  /**
   * Each body contains an opaque token, which the next request sends back.
   * @example
   * { scheme: 'token', param: 'page_token', next: 'meta.next_page_token', more: 'meta.has_more', sizeParam: 'limit', pageSize: 200 }
   */
  z.strictObject({
    scheme: z.literal('token'),
    /** The query parameter for the token. */
    param: name,
    /** Path in the body to the token of the next page, or a header (`{ header: 'X-Next' }`). Without `more`, the list ends where it is absent, null or empty. */
    next,
    /** As for `offset`, where the source sends a token with the last page too, to be used later. The list then ends where this says so, whatever the token. */
    more: more.optional(),
    /** The query parameter for the number of records per page. */
    sizeParam: name.optional(),
    /** How many records to request per page. */
    pageSize: pageSize.optional(),
  }),
  /**
   * The next page begins after a value of the last record, such as its id: `after=417&limit=100`.
   * @example
   * { scheme: 'keyset', param: 'after', from: 'id', more: 'has_more', sizeParam: 'limit', pageSize: 100 }
   */
  z.strictObject({
    scheme: z.literal('keyset'),
    /** The query parameter for the value after which a page begins. */
    param: name,
    /** Path in a record to the value that the next request sends. */
    from: name,
    /** As for `offset`. Without it the list ends at an empty page, or at a page that is not full once a full one came. */
    more: more.optional(),
    /** The query parameter for the number of records per page. */
    sizeParam: name,
    /** How many records to request per page. */
    pageSize,
  }),
  /**
   * A function reads the list, where no scheme says how. It asks with `request`, yields each page with the responses that its records came in
   * and the place where a further run goes on, and ends with `return end()`, which says that the list has ended. A function that only
   * returns has read what it yielded, but no row is deleted because it did not show it.
   * @example
   * {
   *   scheme: 'function',
   *   read: async function* ({ request, next, end }) {
   *     for (let after = next; ; ) {
   *       const response = await request({ query: { after: after ?? 0 } });
   *       after = response.body.next;
   *       yield { records: response.body.data, from: [response], next: after };
   *       if (after === null) return end({ total: response.body.total });
   *     }
   *   },
   * }
   */
  z.strictObject({
    scheme: z.literal('function'),
    /** An async generator function. It receives a [context](#context-of-a-listings-function). */
    read: listingFunction,
  }),
]);
export type Paging = z.infer<typeof paging>;
export type PagingInput = z.input<typeof paging>;
