import type { z } from 'zod';
import { type Column, columnType } from './columns';
import { duplicatesMistakes } from './duplicates';
import type { EntityDefinition } from './entityDefinition';
import { excludedByMistakes } from './excludedBy';
import { identifier } from './identifier';
import { importMistakes } from './importFile';
import { coversMistakes } from './listings/covers';
import { reportMistakes } from './listings/reportMistakes';
import { requestMistakes } from './listings/requestMistakes';
import { referenceNameMistakes } from './references';
import { relatedMistakes } from './related';
import { replacedMistakes } from './replaced';
import { touchMistakes } from './touch';

/** Columns that every destination row has; an entity's own may not be called so. */
const reservedColumns: ReadonlySet<string> = new Set([
  'connection_id',
  'external_id',
  'source_updated_at',
  'synced_at',
  'first_written_at',
  'deleted_at',
  'raw',
  'raw_related',
]);

/** The columns that a row makes, and the mistakes in them. */
export function columnsOf(where: string, row: z.ZodObject): { readonly columns: Column[]; readonly found: string[] } {
  const found: string[] = [];
  const columns: Column[] = [];
  for (const [name, field] of Object.entries(row.shape)) {
    const type = columnType(field as z.ZodType);
    if (!identifier.safeParse(name).success) {
      found.push(`${where}.row.${name}: column names hold lower-case letters, digits and underscores`);
    } else if (reservedColumns.has(name))
      found.push(`${where}.row.${name}: every table has a column of this name already`);
    else if (type === undefined)
      found.push(`${where}.row.${name}: no column type for it; add .meta({ column: 'numeric' }) or the like`);
    else columns.push({ name, type });
  }
  return { columns, found };
}

/** What is right field by field, but not together. */
export function entityMistakes(
  where: string,
  entity: EntityDefinition,
  columns: readonly Column[],
  importOnly = false,
): string[] {
  const found: string[] = [];
  const { all, changes, ids } = entity.listings;
  const kind = entity.deltaSyncField?.kind;
  if (changes?.since && kind !== undefined && kind !== 'instant') {
    found.push(`${where}.listings.changes: a cursor is an instant, but deltaSyncField.kind is ${kind}`);
  }
  if (entity.deltaSyncField?.timeZone !== undefined && kind !== 'instant') {
    found.push(`${where}.deltaSyncField.timeZone: only an instant has a time zone, but kind is ${kind}`);
  }
  if (ids && kind === undefined && !ids.presenceOnly) {
    found.push(
      `${where}.listings.ids: it compares versions, but without deltaSyncField records have none; leave it out, so that reconciliation reads all, or declare presenceOnly: true`,
    );
  }
  if (ids?.presenceOnly && entity.listings.one === undefined) {
    found.push(
      `${where}.listings.ids.presenceOnly: what it finds missing is fetched by listings.one, which is not declared`,
    );
  }
  if (entity.duplicates) {
    const circumstances = { conflict: entity.conflict, kind, hasIds: ids !== undefined };
    found.push(...duplicatesMistakes(`${where}.duplicates`, entity.duplicates, circumstances));
  }
  found.push(...requestMistakes(where, entity.listings));
  found.push(...reportMistakes(where, entity));
  found.push(...coversMistakes(where, { all, ids }, columns));
  const { related = {}, raw } = entity;
  found.push(
    ...relatedMistakes(where, related, {
      hasOne: entity.listings.one !== undefined,
      hasChanges: changes !== undefined,
      keepsRaw: raw,
    }),
  );
  const taken = (name: string) => reservedColumns.has(name) || columns.some((column) => column.name === name);
  found.push(...referenceNameMistakes(where, entity.references ?? {}, taken));
  for (const name of entity.alikeBy ?? []) {
    if (!columns.some((column) => column.name === name))
      found.push(`${where}.alikeBy: there is no column '${name}' in row`);
  }
  found.push(...excludedByMistakes(where, entity.excludedBy ?? [], columns));
  if (entity.import) {
    const hasRelated = Object.keys(related).length > 0;
    found.push(...importMistakes(`${where}.import`, entity.import, { columns, hasRelated }));
  }
  if (entity.replaced) {
    const { conflict, deltaSyncField, duplicates, related, excludedBy } = entity;
    const others = {
      'listings.one': entity.listings.one,
      'listings.ids': ids,
      deltaSyncField,
      duplicates,
      related,
      excludedBy,
      import: entity.import,
    };
    const circumstances = { columns, others, conflict, changes, covers: all.covers };
    found.push(...replacedMistakes(where, entity.replaced, circumstances));
  }
  if (entity.touch) found.push(...touchMistakes(`${where}.touch`, entity.touch));
  if (!importOnly && !entity.supportsWebhooks && entity.schedule.reconciliation === false) {
    found.push(
      `${where}.schedule.reconciliation: required if supportsWebhooks is false, since nothing else finds deletions`,
    );
  }
  if (entity.supportsWebhooks && !entity.listings.one) {
    found.push(
      `${where}.listings.one: required if supportsWebhooks is true, since a webhook says only which record to fetch`,
    );
  }
  return found;
}
