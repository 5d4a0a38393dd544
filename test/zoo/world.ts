/** How ids look. `dots` has ids that a URL takes for steps through its path. */
export const idShapes = ['numbers', 'longNumbers', 'uuids', 'slashes', 'spaces', 'unicode', 'signs', 'dots'] as const;
export type IdShape = (typeof idShapes)[number];

export const pagings = ['none', 'offset', 'page', 'keyset', 'token', 'link'] as const;
export type PagingName = (typeof pagings)[number];

/** What lists are ordered by; records that tie come in order of id. */
export const orders = ['id', 'updated', 'newestFirst', 'created'] as const;
export type Order = (typeof orders)[number];

/** How a record says which state it is in. `fallback`: an instant that is null until the first update, beside `created_at`. */
export const versionKinds = ['instant', 'fallback', 'integer', 'text', 'opaque', 'none'] as const;
export type VersionKind = (typeof versionKinds)[number];

/** What the source answers when it is asked for a deleted record alone. */
export const deletions = ['404', '410', '403', 'tombstone', 'merged', 'moved'] as const;
export type Deletion = (typeof deletions)[number];

/** How a list by position says that there is nothing behind its last page. */
export const ends = ['empty', '404', '400'] as const;
export type End = (typeof ends)[number];

export const charsets = ['utf-8', 'utf-8 bom', 'iso-8859-1', 'windows-1252', 'utf-16le'] as const;
export type Charset = (typeof charsets)[number];

export const compressions = ['none', 'gzip', 'deflate', 'br'] as const;
export type Compression = (typeof compressions)[number];

/** Which numbers stand in records: amounts of money, integers beyond 2^53, decimals beyond a double, exponents. */
export const numberKinds = ['money', 'longIntegers', 'longDecimals', 'exponents'] as const;
export type NumberKind = (typeof numberKinds)[number];

export const filters = ['inclusive', 'exclusive'] as const;

/**
 * What the filter of `changes` compares: the version; a clock of the source's own, which records show as `changed_at`; nothing (it is
 * ignored); `updated_at`, which is null until the first update; or a clock that no field shows.
 */
export const filterFields = ['version', 'shownClock', 'ignored', 'nullUntilUpdate', 'otherClock'] as const;
export type FilterField = (typeof filterFields)[number];

/** What PostgreSQL refuses a batch with: a conflict of transactions, a deadlock, a time-out, no room for sessions. */
export const refusals = ['40001', '40P01', '57014', '53300'] as const;
export type Refusal = (typeof refusals)[number];

/** One API, as its documentation would describe it. Plain data: fast-check draws and shrinks it. */
export interface World {
  readonly ids: IdShape;
  readonly paging: PagingName;
  /** records that the definition asks for at once */
  readonly pageSize: number;
  /** the source cuts larger pages to so many records, without a word */
  readonly cap: number | null;
  readonly order: Order;
  /** `fromZero`: the first page is page 0 */
  readonly fromZero: boolean;
  /** a field that says whether there is a further page */
  readonly flag: boolean;
  readonly end: End;
  /** tokens and links: one more page, an empty one, comes behind the last record */
  readonly emptyLast: boolean;
  /** links and tokens: the next page is named in the body, or in a header */
  readonly nextIn: 'body' | 'header';
  /** lists are asked for by POST, with all parameters in a JSON body */
  readonly post: boolean;
  /** tokens and links: what stands where a next page would be named, when there is none */
  readonly noNext: 'absent' | 'null' | 'blank';
  readonly total: 'body' | 'text' | 'header' | 'none';
  /** an empty list comes without its total */
  readonly totalUnlessEmpty: boolean;
  /** the author mistook the path of the next page: none is ever found there */
  readonly wrongNext: boolean;
  /** path to the records; '' where the body is the list itself */
  readonly records: 'data' | 'result.items' | '';
  readonly version: VersionKind;
  /** fractional digits of instants */
  readonly digits: 0 | 3 | 6;
  readonly zone: 'Z' | 'offset' | 'space';
  /** null: the source has no listing of changes */
  readonly changes: null | {
    readonly form: 'iso' | 'space' | 'epoch' | 'date';
    readonly boundary: (typeof filters)[number];
    readonly field: FilterField;
    /** changes are asked for at the address of the whole list */
    readonly sameAddress: boolean;
    readonly order: Order;
    /** deleted records show up among the changes, with `deleted: true` */
    readonly tombstones: boolean;
  };
  readonly one: null | { readonly deletion: Deletion; readonly inQuery: boolean };
  readonly idsListing: boolean;
  readonly partitions: number;
  readonly charset: Charset;
  readonly compression: Compression;
  readonly numbers: NumberKind;
  /** answers carry a `Date`; those of the others have the true time, since nobody could tell how far they are off */
  readonly dated: boolean;
  readonly lookback: '1m' | '5s';
  /** records at the beginning */
  readonly records0: number;
  /** how many of them carry one and the same time */
  readonly ties: number;
  /** changes are told by webhooks too, of which some come twice, late, or never */
  readonly webhooks: boolean;
  /** a trigger of the user's refuses the row of the record in this slot */
  readonly refusedSlot: number | null;
}

/** What happens at the source. Slots stand for records; one that is not there (or there already) turns the change into its neighbour. */
export type Change =
  | { readonly do: 'create'; readonly slot: number }
  | { readonly do: 'update'; readonly slot: number }
  | { readonly do: 'delete'; readonly slot: number }
  /** the partition of the record changes */
  | { readonly do: 'move'; readonly slot: number }
  /** the source changes it by itself: its own clock notices, the record's version does not */
  | { readonly do: 'changeSilently'; readonly slot: number }
  /** several records change at one instant */
  | { readonly do: 'updateMany'; readonly slot: number; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number };

/** What a request meets instead of its answer. `an hour`: longer than a worker slot is held; an operator ends the wait. */
export type SpoiltAnswer =
  | { readonly meets: 'status 500' | 'reset' | 'reset in headers' | 'cut' | 'error behind 200' }
  | {
      readonly meets: 'wait';
      readonly status: 429 | 403 | 503;
      readonly says: 'seconds' | 'date' | 'nothing' | 'an hour';
    };

/**
 * What happens to the engine when a request comes, which is answered all the same. `killed attempt`: everything under way for the
 * connection is taken for dead and done again, while the dead goes on beside; `lost result`: the attempt with this number among the run's
 * activities is done, but Temporal never hears of it; `lost connections`: PostgreSQL ends all sessions in a transaction; `refused batch`: it
 * refuses what is written for a moment.
 */
export type BesideAnswer =
  | { readonly meets: 'killed attempt' | 'lost result' | 'lost connections' }
  | { readonly meets: 'refused batch'; readonly code: Refusal };

export type Fault = SpoiltAnswer | BesideAnswer;

/** The plainest source: what the others are told by is how they differ from it. */
export const plain: World = {
  ids: 'numbers',
  paging: 'none',
  pageSize: 2,
  cap: null,
  order: 'id',
  fromZero: false,
  flag: false,
  end: 'empty',
  emptyLast: false,
  nextIn: 'body',
  post: false,
  noNext: 'absent',
  total: 'none',
  totalUnlessEmpty: false,
  wrongNext: false,
  records: 'data',
  version: 'instant',
  digits: 0,
  zone: 'Z',
  changes: null,
  one: null,
  idsListing: false,
  partitions: 1,
  charset: 'utf-8',
  compression: 'none',
  numbers: 'money',
  dated: false,
  lookback: '1m',
  records0: 1,
  ties: 0,
  webhooks: false,
  refusedSlot: null,
};

/** A run, and what happens while it asks: at its n-th request, before the answer. */
export interface Run {
  /** `both`: a delta and a reconciliation at the same time */
  readonly run: 'delta' | 'full' | 'reconciliation' | 'both';
  readonly during: readonly { readonly at: number; readonly change: Change }[];
  readonly faults: readonly { readonly at: number; readonly fault: Fault }[];
}

export type Step = Change | Run;

export interface Plan {
  readonly world: World;
  readonly steps: readonly Step[];
  /** what the last delta and the last reconciliation meet */
  readonly lastFaults: Run['faults'];
  /** the source is probed before the first run */
  readonly probed: boolean;
}
