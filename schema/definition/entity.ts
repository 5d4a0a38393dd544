import type { z } from 'zod';
import type { JsonObject } from '../json/json';
import type { versionKinds } from '../version';
import type { Column } from './columns';
import { DefinitionError, mistakes } from './definition';
import type { Duplicates, duplicates } from './duplicates';
import { entityDefinition } from './entityDefinition';
import { columnsOf, entityMistakes } from './entityMistakes';
import type { ExcludedBy, excludedBy } from './excludedBy';
import type { ImportFile, ImportFileInput } from './importFile';
import type { IdsListing, IdsListingInput } from './listings/ids';
import type { ChangesListing, ChangesListingInput, Listing, ListingInput, One, OneInput } from './listings/listing';
import type { MapContext } from './mapContext';
import type { PartitionsFrom, partitionsFrom } from './partitions';
import type { ReferenceDefinition, ReferencesInput } from './references';
import type { Related, RelatedInput } from './related';
import type { Replaced, replaced } from './replaced';
import type { DeletionGuard, deletionGuard, EntitySchedule, entitySchedule } from './schedule';
import type { Touch, TouchRequest } from './touch';

/**
 * Where a record's version comes from, and what kind it is. Of two answers, the one with the newer version is kept.
 * @example
 * { name: 'updated_at', kind: 'instant', from: (record) => record.updated_at ?? record.created_at, timeZone: 'connection' }
 */
export interface DeltaSyncField<Source> {
  /** The source's name of the field, such as `updated_at`. */
  readonly name: string;
  /** `instant`: a point in time with a zone; `integer`; `text`: ordered as text; `opaque`: only equal or not, such as an ETag. `changes` needs `instant`. */
  readonly kind: (typeof versionKinds)[number];
  /**
   * Where the record contains it: a dotted path, or a function where the version is made of several fields, such as an
   * `updated_at` that is null until the first edit. Default: `name`.
   */
  readonly from?: string | ((record: Source) => unknown);
  /**
   * The zone of instants that are written without one: a name such as `Asia/Kolkata`, or `connection` for that of the connection. A time
   * that comes twice, where that clock is put back, is its first instant; one that never comes is read as if the clock had not been put forward.
   */
  readonly timeZone?: string;
}

/**
 * Describes one kind of record. `defineEntity` checks everything at once and reports each mistake with its path.
 * @example
 * {
 *   name: 'people',
 *   table: 'shop_people',
 *   record: z.looseObject({ id: z.string(), name: z.string(), updated_at: z.string() }),
 *   row: z.object({ name: z.string(), balance: z.string().meta({ column: 'numeric' }).nullable() }),
 *   where: (record) => record.kind === 'person',
 *   key: 'id',
 *   duplicates: { keep: 'newest' },
 *   deltaSyncField: { name: 'updated_at', kind: 'instant' },
 *   map: (record, { connection }) => ({ name: record.name, balance: record.balance ?? null }),
 *   listings: {
 *     all: { path: '/people', paging: { scheme: 'page', sizeParam: 'per_page', pageSize: 100 } },
 *     changes: {
 *       path: '/people',
 *       paging: { scheme: 'page', sizeParam: 'per_page', pageSize: 100 },
 *       since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' },
 *     },
 *     ids: { path: '/people', query: { fields: 'id,updated_at' }, paging: { scheme: 'none' } },
 *     one: { path: '/people/{id}' },
 *   },
 *   related: {
 *     orders: {
 *       listing: { path: '/orders', query: { people: '{ids}' }, paging: { scheme: 'none' } },
 *       parent: 'personId',
 *       readAgain: '7d',
 *     },
 *   },
 *   references: { customer_external_id: { entity: 'customers', by: [{ mine: 'customer_id', theirs: 'external_id' }] } },
 *   alikeBy: ['name'],
 *   excludedBy: [{ entity: 'reports', match: [{ column: 'name', as: 'folded' }] }],
 *   touch: { path: '/people/{id}/notes', body: { text: '{text}' } },
 *   supportsWebhooks: true,
 *   schedule: { delta: { every: '15m' } },
 *   conflict: 'update',
 *   import: { columns: { name: 'Full name' }, key: 'name', conflict: 'update' },
 *   partitions: ['active', 'archived'],
 *   readLag: '10s',
 *   lookback: '1m',
 *   gone: { statuses: [404, 410], record: (record) => record.deleted === true },
 *   deletionGuard: { ratio: 0.2 },
 *   raw: true,
 * }
 */
export interface EntityInput<Row extends z.ZodObject, Source> {
  /** The name in commands and table names: at most 48 lower-case letters, digits and underscores, beginning with a letter. */
  readonly name: string;
  /** The destination table in schema public, at most 50 characters. Default: `<connector>_<entity>`. */
  readonly table?: string;
  /** Checks each record as the source sends it. A record that fails is set aside (dead letter) as invalid. Default: any JSON object. */
  readonly record?: z.ZodType<Source>;
  /** The typed columns, as a zod object. Types follow from the fields: string → text, int → bigint, number → double precision, boolean, bigint → numeric, `z.iso.date()` → date, `z.iso.datetime()` → timestamptz, enum → text, object or array → jsonb. Another PostgreSQL type is named by `.meta({ column: 'numeric' })`. */
  readonly row: Row;
  /** Which records belong to this entity, where the source mixes several kinds in one list: `(record) => record.bookingDate !== null`. It sees the record as the source sends it, before its key is read, in every listing and response; those of `ids` must contain what it reads. A record that does not belong is passed over; a row whose record `one` shows like that is gone. `total` counts all records. */
  readonly where?: (record: Source) => boolean;
  /** Where the record contains its id: a dotted path, or a function. `compositeKey(['number'], ['phone', 'name'])` makes a key of several fields with fallbacks, by which a row keeps its place when the record gets a better one. */
  readonly key: string | ((record: Source) => string | number | null | undefined);
  /** Which record counts where a run's listings show several with one key. */
  readonly duplicates?: z.input<typeof duplicates>;
  /** For lines without an id, such as those of a report: which lines are replaced together. */
  readonly replaced?: z.input<typeof replaced>;
  /** Where the record contains its version. Left out where the source has none: the later response counts, and changes are seen by comparing columns. */
  readonly deltaSyncField?: DeltaSyncField<Source>;
  /** Makes the row from the source's record. Numbers are exact: one that a JavaScript number does not hold (`12345678901234.5678`, `9007199254740993`) comes as text of its digits; `decimal()` in the row takes both. Throw `new SkipRecord(reason)` to leave a record out: it gets no row, and a row that it has is soft-deleted (many at once wait for an operator), until a later answer maps. After a change, `tidemark remap` applies it to all rows. */
  readonly map: (record: Source, context: MapContext) => z.input<Row>;
  /** The ways to enumerate the entity. */
  readonly listings: {
    /** Lists every record: the first sync, and each delta where there is no `changes`. */
    readonly all: ListingInput;
    /** Lists the records changed since the cursor: each delta after the first. */
    readonly changes?: ChangesListingInput;
    /** Lists the ids and versions of every record more cheaply than `all`: reconciliation compares them with the table. Each record must contain what `key` and `deltaSyncField` read; with `presenceOnly`, `key` alone. Default: `all`. */
    readonly ids?: IdsListingInput;
    /** Returns one record by its id. */
    readonly one?: OneInput;
  };
  /** Records that belong to a record and are listed apart from it, each kind by a name of its own. They are stored with the row. */
  readonly related?: Readonly<Record<string, RelatedInput>>;
  /** Columns with the id of the row of another entity that a row belongs to, by name. The engine finds it: `map` does not return them. */
  readonly references?: ReferencesInput;
  /** A harmless change of a record at the source, such as a note: `tidemark touch` sends it, so that an operator can test whether changes arrive. */
  readonly touch?: TouchRequest;
  /** Columns of `row` that rows of the same person or thing have in common, such as a phone number: `tidemark rows duplicates` compares each of them. */
  readonly alikeBy?: readonly string[];
  /** Rows of another table that exclude records of this one: a record has no live row as long as such a row has the same values in the columns of `match`. */
  readonly excludedBy?: z.input<typeof excludedBy>;
  /** `true` where the source announces creates, updates and deletes of this entity; `listings.one` and the connector's `webhooks` are then needed. `false` makes a reconciliation schedule mandatory. */
  readonly supportsWebhooks: boolean;
  /** When deltas and reconciliations run. */
  readonly schedule?: z.input<typeof entitySchedule>;
  /** `update`: the source owns its columns and overwrites them. `skip`: rows are only inserted, so that users' edits survive; `tidemark remap` fills only columns that are newer than a row, and a row that a user has edited is not deleted because its record is left out. */
  readonly conflict?: 'update' | 'skip';
  /** How files become rows of this entity: `tidemark import`. `defineFileEntity` describes an entity that only files feed. */
  readonly import?: ImportFileInput;
  /** The values of `{partition}` in paths and queries, a function of the connection's settings, or the records of another entity: `{ from: 'boards' }`. Each listing is read once per value, in parallel within the rate limit. A run reads many parents in a few activities. Default: one partition without a name. */
  readonly partitions?:
    | readonly string[]
    | ((settings: Readonly<JsonObject>) => readonly string[])
    | z.input<typeof partitionsFrom>;
  /** How stale the source's responses may be, because of replicas, caches or slow pages. A record's absence from a response is trusted only after this time. */
  readonly readLag?: string;
  /** How much earlier than a run's first request the next cursor is set, so that records that the source commits late are not lost. */
  readonly lookback?: string;
  /** What a deleted record looks like. */
  readonly gone?: {
    /** The statuses by which `one` says that the record does not exist. */
    readonly statuses?: readonly number[];
    /** Recognises a tombstone: a record in a listing or response that says that it is deleted. */
    readonly record?: (record: Source) => boolean;
  };
  /** How many deletions are applied without an operator's approval. */
  readonly deletionGuard?: z.input<typeof deletionGuard>;
  /** Whether to store the record as the source sent it in column `raw`. `tidemark remap` needs it. */
  readonly raw?: boolean;
}

/** An entity that only files feed. */
export type FileEntityInput<Row extends z.ZodObject> = Pick<
  EntityInput<Row, JsonObject>,
  'name' | 'table' | 'row' | 'alikeBy'
> & { readonly import: ImportFileInput };

/** An entity as the engine uses it: every default filled in, every callback taking an unknown record. */
export interface Entity {
  readonly name: string;
  /** undefined until the connector names it */
  readonly table: string | undefined;
  readonly record: z.ZodType | undefined;
  readonly row: z.ZodObject;
  readonly columns: readonly Column[];
  readonly where: ((record: never) => boolean) | undefined;
  readonly key: string | ((record: never) => string | number | null | undefined);
  readonly duplicates: Duplicates | undefined;
  /** undefined where records have an id */
  readonly replaced: Replaced | undefined;
  /** undefined where records have no version */
  readonly deltaSyncField: DeltaSyncField<never> | undefined;
  readonly map: (record: never, context: MapContext) => unknown;
  readonly listings: {
    readonly all: Listing;
    readonly changes: ChangesListing | undefined;
    readonly ids: IdsListing | undefined;
    readonly one: One | undefined;
  };
  /** undefined where there are none */
  readonly related: Readonly<Record<string, Related>> | undefined;
  /** by the column that holds them; undefined where there are none */
  readonly references: Readonly<Record<string, ReferenceDefinition>> | undefined;
  /** undefined where none is declared */
  readonly touch: Touch | undefined;
  readonly alikeBy: readonly string[] | undefined;
  /** undefined where none is declared */
  readonly excludedBy: ExcludedBy | undefined;
  readonly supportsWebhooks: boolean;
  readonly schedule: EntitySchedule;
  readonly conflict: 'update' | 'skip';
  /** no source is asked for it: its only listing is `import` */
  readonly importOnly: boolean;
  /** undefined where no file may be imported */
  readonly import: ImportFile | undefined;
  readonly partitions: readonly string[] | ((settings: Readonly<JsonObject>) => readonly string[]) | PartitionsFrom;
  readonly readLag: string;
  readonly lookback: string;
  readonly gone: { readonly statuses: readonly number[]; readonly record: ((record: never) => boolean) | undefined };
  readonly deletionGuard: DeletionGuard;
  readonly raw: boolean;
}

/**
 * Describes one kind of record. Everything is checked at once; a mistake is reported with its path, such as
 * `people.listings.changes.since.param`. Throws DefinitionError.
 */
export function defineEntity<Row extends z.ZodObject, Source = JsonObject>(input: EntityInput<Row, Source>): Entity {
  return checkedEntity(input, false);
}

/**
 * Describes an entity that only files feed: no source is asked for it, so it has no schedule and is never proved. Checked as `defineEntity`
 * checks. Throws DefinitionError.
 * @example
 * defineFileEntity({ name: 'walk_ins', row: z.object({ phone: z.string() }), import: { columns: { phone: 'Phone' }, key: 'phone' } })
 */
export function defineFileEntity<Row extends z.ZodObject>(input: FileEntityInput<Row>): Entity {
  return checkedEntity({ ...fromFilesAlone, ...input }, true);
}

/** What the rest of a definition says of an entity that no source is asked for. `openTarget` refuses to ask. */
const fromFilesAlone = {
  key: 'id',
  map: () => ({}),
  listings: { all: { path: '/', paging: { scheme: 'none' } } },
  supportsWebhooks: false,
  schedule: { reconciliation: false },
};

function checkedEntity(input: { readonly name: string }, importOnly: boolean): Entity {
  const where = typeof input?.name === 'string' ? input.name : 'entity';
  const parsed = entityDefinition.safeParse(input);
  if (!parsed.success) throw new DefinitionError(mistakes(where, parsed.error));
  const entity = parsed.data;
  const { columns, found } = columnsOf(where, entity.row);
  found.push(...entityMistakes(where, entity, columns, importOnly));
  if (found.length > 0) throw new DefinitionError(found);
  const { related } = entity;
  const given = Object.keys(related ?? {}).length === 0 ? undefined : related;
  return { ...entity, related: given, columns, importOnly } as unknown as Entity;
}
