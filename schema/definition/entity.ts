import { z } from 'zod';
import { duration } from '../duration';
import { type JsonObject, valueAt } from '../json';
import { versionKinds } from '../version';
import { type Column, columnType } from './columns';
import { DefinitionError, mistakes } from './definition';
import {
  type ChangesListing,
  type ChangesListingInput,
  changesListing,
  type Listing,
  type ListingInput,
  listing,
  type One,
  type OneInput,
  one,
} from './listing';
import { type DeletionGuard, deletionGuard, type EntitySchedule, entitySchedule } from './schedule';

/** What a mapping may know beside the record. */
export interface MapContext {
  readonly connection: { readonly id: string; readonly settings: Readonly<JsonObject>; readonly timeZone: string };
}

/** Where a record's version comes from, and what kind it is. */
export interface DeltaSyncField<Source> {
  /** the source's name of the field, such as `updated_at` */
  readonly name: string;
  readonly kind: (typeof versionKinds)[number];
  /**
   * Where the record carries it: a dotted path, or a function for versions made of several fields
   * (`(r) => r.updated_at ?? r.created_at` where updated_at is null until the first edit). Default: `name`.
   */
  readonly from?: string | ((record: Source) => unknown);
}

/** What a connector author writes for one kind of record. `Row` types the mapping and gives the columns. */
export interface EntityInput<Row extends z.ZodObject, Source> {
  /** lower case, digits, underscores: `people` */
  readonly name: string;
  /** the destination table in schema public; default `<connector>_<entity>` */
  readonly table?: string;
  /** checks what the source sends; a record that fails is set aside as invalid. Default: any JSON object */
  readonly record?: z.ZodType<Source>;
  /** the typed columns */
  readonly row: Row;
  /** where the record carries its id: a dotted path, or a function (see `compositeKey`) */
  readonly key: string | ((record: Source) => string | number | null | undefined);
  readonly deltaSyncField: DeltaSyncField<Source>;
  /** business logic: from the source's record to the row. Throw `SkipRecord` to leave a record out with a reason. */
  readonly map: (record: Source, context: MapContext) => z.input<Row>;
  readonly listings: {
    readonly all: ListingInput;
    readonly changes?: ChangesListingInput;
    readonly ids?: ListingInput;
    readonly one?: OneInput;
  };
  /** whether the source announces creates, updates and deletes of this entity; false makes a reconciliation schedule mandatory */
  readonly supportsWebhooks: boolean;
  readonly schedule?: z.input<typeof entitySchedule>;
  /** `update`: the source owns its columns; `skip`: insert only, so that user edits survive */
  readonly conflict?: 'update' | 'skip';
  /** values of `{partition}` in the listings' paths and queries, read in parallel within the rate limit */
  readonly partitions?: readonly string[] | ((settings: Readonly<JsonObject>) => readonly string[]);
  /** how stale an answer may be: replicas, caches, slow pages. Default 10s */
  readonly readLag?: string;
  /** how much earlier than its first request a run's cursor is put, for records committed late. Default 1m */
  readonly lookback?: string;
  /** what a deleted record looks like: statuses of `one` (default 404 and 410), and tombstones in listings or answers */
  readonly gone?: { readonly statuses?: readonly number[]; readonly record?: (record: Source) => boolean };
  readonly deletionGuard?: z.input<typeof deletionGuard>;
  /** keep the record as the source sent it in column `raw`. Default true */
  readonly raw?: boolean;
}

/** An entity as the engine uses it: every default filled in, every callback taking an unknown record. */
export interface Entity {
  readonly name: string;
  /** undefined until the connector names it */
  readonly table: string | undefined;
  readonly record: z.ZodType | undefined;
  readonly row: z.ZodObject;
  readonly columns: readonly Column[];
  readonly key: string | ((record: never) => string | number | null | undefined);
  readonly deltaSyncField: DeltaSyncField<never>;
  readonly map: (record: never, context: MapContext) => unknown;
  readonly listings: {
    readonly all: Listing;
    readonly changes: ChangesListing | undefined;
    readonly ids: Listing | undefined;
    readonly one: One | undefined;
  };
  readonly supportsWebhooks: boolean;
  readonly schedule: EntitySchedule;
  readonly conflict: 'update' | 'skip';
  readonly partitions: readonly string[] | ((settings: Readonly<JsonObject>) => readonly string[]);
  readonly readLag: string;
  readonly lookback: string;
  readonly gone: { readonly statuses: readonly number[]; readonly record: ((record: never) => boolean) | undefined };
  readonly deletionGuard: DeletionGuard;
  readonly raw: boolean;
}

export const identifier = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, {
  error: 'must start with a letter and hold only lower-case letters, digits and underscores, 48 at most',
});

const pathOrFunction = z.union(
  [z.string().min(1), z.custom<(record: never) => never>((value) => typeof value === 'function')],
  {
    error: 'must be a path such as "id" or a function of the record',
  },
);
const aFunction = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});
const aSchema = z.custom<z.ZodType>((value) => value instanceof z.ZodType, { error: 'must be a zod schema' });

const definition = z.strictObject({
  name: identifier,
  table: identifier.optional(),
  record: aSchema.optional(),
  row: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, {
    error: 'must be a z.object: its fields become the columns',
  }),
  key: pathOrFunction,
  deltaSyncField: z.strictObject({
    name: z.string().min(1),
    kind: z.enum(versionKinds),
    from: pathOrFunction.optional(),
  }),
  map: aFunction,
  listings: z.strictObject({
    all: listing,
    changes: changesListing.optional(),
    ids: listing.optional(),
    one: one.optional(),
  }),
  supportsWebhooks: z.boolean(),
  schedule: entitySchedule.prefault({}),
  conflict: z.enum(['update', 'skip']).default('update'),
  partitions: z.union([z.array(z.string().min(1)).min(1), aFunction]).default(['']),
  readLag: duration.default('10s'),
  lookback: duration.default('1m'),
  gone: z
    .strictObject({ statuses: z.array(z.int().min(400).max(499)).default([404, 410]), record: aFunction.optional() })
    .prefault({}),
  deletionGuard: deletionGuard.prefault({}),
  raw: z.boolean().default(true),
});

/** Columns that every destination row has; an entity's own may not be called so. */
export const reservedColumns: ReadonlySet<string> = new Set([
  'connection_id',
  'external_id',
  'source_updated_at',
  'synced_at',
  'deleted_at',
  'raw',
]);

/**
 * Describes one kind of record. Everything is checked at once; a mistake is reported with its path, such as
 * `people.listings.changes.since.param`. Throws DefinitionError.
 */
export function defineEntity<Row extends z.ZodObject, Source = JsonObject>(input: EntityInput<Row, Source>): Entity {
  const where = typeof input?.name === 'string' ? input.name : 'entity';
  const parsed = definition.safeParse(input);
  if (!parsed.success) throw new DefinitionError(mistakes(where, parsed.error));
  const entity = parsed.data;
  const found: string[] = [];
  const columns: Column[] = [];
  for (const [name, field] of Object.entries(entity.row.shape)) {
    const type = columnType(field as z.ZodType);
    if (!identifier.safeParse(name).success) {
      found.push(`${where}.row.${name}: column names hold lower-case letters, digits and underscores`);
    } else if (reservedColumns.has(name))
      found.push(`${where}.row.${name}: every table has a column of this name already`);
    else if (type === undefined)
      found.push(`${where}.row.${name}: no column type for it; add .meta({ column: 'numeric' }) or the like`);
    else columns.push({ name, type });
  }
  const { changes } = entity.listings;
  if (changes && entity.deltaSyncField.kind !== 'instant') {
    found.push(
      `${where}.listings.changes: a cursor is an instant, but deltaSyncField.kind is ${entity.deltaSyncField.kind}`,
    );
  }
  if (!entity.supportsWebhooks && entity.schedule.reconciliation === false) {
    found.push(
      `${where}.schedule.reconciliation: required if supportsWebhooks is false, since nothing else finds deletions`,
    );
  }
  if (entity.supportsWebhooks && !entity.listings.one) {
    found.push(
      `${where}.listings.one: required if supportsWebhooks is true, since a webhook says only which record to fetch`,
    );
  }
  if (found.length > 0) throw new DefinitionError(found);
  return { ...entity, columns } as unknown as Entity;
}

/**
 * A key of several fields, with fallbacks: `compositeKey(['bookingNo', 'phone'], ['phone', 'name', 'store'])` takes the first
 * list of paths whose values are all present. Values are joined so that different lists can't give the same key.
 */
export function compositeKey(...choices: readonly (readonly string[])[]): (record: JsonObject) => string | undefined {
  return (record) => {
    for (const paths of choices) {
      const values = paths.map((path) => keyPart(record, path));
      if (values.every((value) => value !== undefined))
        return values.map((value) => value.replace(/[\\|]/g, '\\$&')).join('|');
    }
    return undefined;
  };
}

function keyPart(record: JsonObject, path: string): string | undefined {
  const value = valueAt(record, path);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
