import { z } from 'zod';
import { duration } from '../duration';
import { versionKinds } from '../version';
import { aFunction, pathOrFunction } from './callbacks';
import { duplicates } from './duplicates';
import { excludedBy } from './excludedBy';
import { identifier } from './identifier';
import { importFile } from './importFile';
import { idsListing } from './listings/ids';
import { changesListing, listing, one } from './listings/listing';
import { partitionsFrom } from './partitions';
import { references } from './references';
import { relatedByName } from './related';
import { replaced } from './replaced';
import { deletionGuard, entitySchedule } from './schedule';
import { touch } from './touch';
import { zone } from './zone';

const aSchema = z.custom<z.ZodType>((value) => value instanceof z.ZodType, { error: 'must be a zod schema' });

/** The schema that `defineEntity` checks its input with. */
export const entityDefinition = z.strictObject({
  name: identifier,
  table: identifier.optional(),
  record: aSchema.optional(),
  row: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, {
    error: 'must be a z.object: its fields become the columns',
  }),
  where: aFunction.optional(),
  key: pathOrFunction,
  duplicates: duplicates.optional(),
  replaced: replaced.optional(),
  deltaSyncField: z
    .strictObject({
      name: z.string().min(1),
      kind: z.enum(versionKinds),
      from: pathOrFunction.optional(),
      timeZone: zone.optional(),
    })
    .optional(),
  map: aFunction,
  listings: z.strictObject({
    all: listing,
    changes: changesListing.optional(),
    ids: idsListing.optional(),
    one: one.optional(),
  }),
  related: relatedByName.optional(),
  references: references.optional(),
  touch: touch.optional(),
  alikeBy: z.array(z.string()).min(1).optional(),
  excludedBy: excludedBy.optional(),
  supportsWebhooks: z.boolean(),
  schedule: entitySchedule.prefault({}),
  conflict: z.enum(['update', 'skip']).default('update'),
  import: importFile.optional(),
  partitions: z.union([z.array(z.string().min(1)).min(1), aFunction, partitionsFrom]).default(['']),
  readLag: duration.default('10s'),
  lookback: duration.default('1m'),
  gone: z
    .strictObject({ statuses: z.array(z.int().min(400).max(499)).default([404, 410]), record: aFunction.optional() })
    .prefault({}),
  deletionGuard: deletionGuard.prefault({}),
  raw: z.boolean().default(true),
});
export type EntityDefinition = z.output<typeof entityDefinition>;
