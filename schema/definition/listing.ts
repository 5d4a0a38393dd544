import { z } from 'zod';

const name = z.string().min(1);
const pageSize = z.int().min(1).max(100_000);

/**
 * How an API hands out a list in pages. Adding a scheme is a variant here and a file in `source/paging/`.
 * Lists move under their reader: by position (`offset`, `page`) a record that leaves an earlier page pulls
 * another over the seam unseen, so those two are checked for continuity at each seam and read again where it broke.
 */
export const paging = z.discriminatedUnion('scheme', [
  /** one answer holds everything */
  z.strictObject({ scheme: z.literal('none') }),
  /** `offset=200&per_page=100`; consecutive pages overlap by `overlap` records, whose ids must agree */
  z.strictObject({
    scheme: z.literal('offset'),
    param: name.default('offset'),
    sizeParam: name,
    pageSize,
    overlap: z.int().min(1).max(50).default(1),
    /** path in the body that is present and not null while there is a further page, such as `links.next` */
    more: name.optional(),
  }),
  /** `page=3&pageSize=100`; pages overlap by slight changes of their size, at most `pageSize`, so that seams can be checked */
  z.strictObject({
    scheme: z.literal('page'),
    param: name.default('page'),
    sizeParam: name,
    pageSize,
    firstPage: z.int().default(1),
    more: name.optional(),
    /** true where the order can't change and nothing is ever removed, so that seams need no check */
    stable: z.boolean().default(false),
  }),
  /** each body carries the address of the next page, at `next` */
  z.strictObject({ scheme: z.literal('link'), next: name, sizeParam: name.optional(), pageSize: pageSize.optional() }),
  /** each body carries an opaque token for the next page, at `next`, which goes back as `param` */
  z.strictObject({
    scheme: z.literal('token'),
    param: name,
    next: name,
    sizeParam: name.optional(),
    pageSize: pageSize.optional(),
  }),
  /** the next page begins after the last record's value at `from`, which goes back as `param` */
  z.strictObject({ scheme: z.literal('keyset'), param: name, from: name, sizeParam: name, pageSize }),
]);
export type Paging = z.infer<typeof paging>;
export type PagingInput = z.input<typeof paging>;

/** How a source writes the instant that a `changes` query is filtered by, so that a cursor goes back in its own form. */
export const cursorForms = [
  /** 2026-11-21T09:20:37Z */
  'iso-seconds',
  /** 2026-11-21T09:20:37.123Z */
  'iso-milliseconds',
  /** 2026-11-21T09:20:37.123456Z */
  'iso-microseconds',
  /** 2026-11-21 */
  'date',
  'epoch-seconds',
  'epoch-milliseconds',
] as const;

export const since = z.strictObject({
  /** the query parameter, such as `where[updated_at][gte]` */
  param: name,
  form: z.enum(cursorForms),
  /**
   * `exclusive` for a strict `>`: the engine then asks from one tick of `form` earlier, because a strict
   * comparison loses the records that tie with the cursor.
   */
  boundary: z.enum(['inclusive', 'exclusive']),
});
export type Since = z.infer<typeof since>;

const query = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const request = {
  /** below the connector's base URL; `{tenantId}` is filled from the connection's settings, `{partition}` and `{id}` by the engine */
  path: z.string().startsWith('/'),
  query: query.optional(),
  headers: z.record(z.string(), z.string()).optional(),
};

/** One paged way to enumerate an entity. */
export const listing = z.strictObject({
  ...request,
  paging,
  /** path in the body to the array of records; the empty path is the body itself */
  records: z.string().default(''),
  /** path in the body to the number of records of the whole list, where the source tells it; it must agree with what came */
  total: name.optional(),
  /** path in the body whose presence means that a 200 is an error all the same, such as `error.message` */
  error: name.optional(),
});
export type Listing = z.infer<typeof listing>;
export type ListingInput = z.input<typeof listing>;

/** Everything changed since a cursor. */
export const changesListing = listing.extend({ since });
export type ChangesListing = z.infer<typeof changesListing>;
export type ChangesListingInput = z.input<typeof changesListing>;

/** The request that answers one record; `{id}` stands for its URL-encoded id. */
export const one = z.strictObject({
  ...request,
  path: request.path.refine((path) => path.includes('{id}'), { error: 'must contain {id}' }),
  /** path in the body to the record */
  record: z.string().default(''),
  error: name.optional(),
});
export type One = z.infer<typeof one>;
export type OneInput = z.input<typeof one>;

/** The names of an entity's paged listings. */
export type ListingName = 'all' | 'changes' | 'ids';

/** Where an unfinished listing goes on: made by the paging scheme, opaque to everyone else, a few hundred bytes of JSON. */
export type ResumePoint = { [key: string]: string | number | boolean | null };
