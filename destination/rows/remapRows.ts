import type { Knex } from 'knex';
import type { LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import { type Counts, noCounts } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ParentPartition } from '../../schema/definition/partitions';
import { withRetry } from '../database/destinationError';
import { quote } from '../database/identifiers';
import { clearSetAside, setAside } from '../setAside/setAside';
import { eachThatFits, refusedRecord } from './eachThatFits';
import { fillSql, hasNewerSql } from './edits/inserted';
import { excludedSql } from './exclusion/excludedSql';
import { exactRow, withExactNumbers } from './format/exactInJson';
import { contentColumns, tableName } from './format/rowFormat';
import { heldGone } from './leftOut';
import { lockEntity } from './lockEntity';
import { markOwn } from './markSkipped';
import { parentsOf } from './parents';

/** What a kept record is mapped to now; null: it says that the record is gone, which is not for a mapping to decide. */
export type Remapped = LiveAnswer | SetAsideAnswer | null;

export interface RemapBatch {
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  readonly runId: string;
  /** the id after which this batch begins; '' for the first */
  readonly after: string;
  readonly limit: number;
  /** JSON, both: parsed by the driver, their numbers would be rounded; `related` of an entity with related records */
  readonly map: (id: string, raw: string, related: string | undefined, partition: ParentPartition | null) => Remapped;
  /** what must be committed with the rows */
  readonly alongside: (trx: Knex.Transaction, written: RemappedBatch) => Promise<void>;
}

export interface RemappedBatch {
  readonly counts: Counts;
  readonly rows: number;
  /** the last id of this batch; null when there are no more */
  readonly last: string | null;
}

/**
 * Rebuilds the typed columns of the next rows from their `raw`, in one transaction under the entity's write lock, so that nothing is
 * written between reading and writing. Version, line, dispute and deleted state stay as they are: the row holds
 * the same answer, only mapped again. A row that no longer maps keeps its columns and is set aside; one that the mapping
 * leaves out is marked, and one that was left out and maps again is live. Under the conflict policy `skip` only columns that are newer than the row
 * are written, where they are empty.
 */
export function remapRows(db: Knex, batch: RemapBatch): Promise<RemappedBatch> {
  const { connectionId, entity, runId, after, limit } = batch;
  return withRetry(() =>
    db.transaction(async (trx) => {
      const { anySetAside } = await lockEntity(trx, { connectionId, entity });
      const { rows } = await trx.raw(
        /* sql */ `
        select external_id as id, raw::text as raw, _partition as partition, ${heldGone} as deleted, _left_out is not distinct from 'skipped' as "leftOut"${entity.related ? ', raw_related::text as related' : ''} from ${tableName(entity)} c
        where connection_id = ? and external_id > ? order by external_id limit ?`,
        [connectionId, after, limit],
      );
      const counts = { ...noCounts };
      const live: LiveAnswer[] = [];
      const aside: SetAsideAnswer[] = [];
      const kept = rows as Kept[];
      const { parents } = entity;
      const named = parents ? kept.flatMap(({ partition }) => (partition === null ? [] : [partition])) : [];
      const known = parents ? await parentsOf(trx, connectionId, parents, named) : new Map<string, ParentPartition>();
      for (const { id, raw, related, partition, deleted } of kept) {
        // a row whose related records have not been read yet is owed
        const mapped =
          raw === null || related === null
            ? undefined
            : batch.map(id, raw, related, known.get(partition ?? '') ?? null);
        if (mapped === undefined && deleted) counts.unchanged += 1;
        else if (mapped === undefined || mapped === null) counts.skipped += 1;
        else if ('row' in mapped) live.push(mapped);
        else aside.push(mapped);
      }
      await eachThatFits(trx, live, {
        write: async (part) => ({ updated: await update(trx, connectionId, entity, part), rows: part.length }),
        landed: ({ updated, rows }) => {
          counts.updated += updated;
          counts.unchanged += rows - updated;
        },
        refused: ({ id, raw }, error) => aside.push(refusedRecord(id, raw, error)),
      });
      const left = aside.flatMap(({ id, reason }) => (reason === 'skipped' && id !== null ? [id] : []));
      await markOwn(trx, connectionId, entity, left);
      if (anySetAside) {
        const failed = new Set(aside.map(({ id }) => id));
        const back = kept.flatMap(({ id, leftOut }) => (leftOut && !failed.has(id) ? [id] : []));
        await clearSetAside(trx, { connectionId, entity: entity.name }, back);
      }
      if (aside.length > 0) await setAside(trx, { connectionId, entity: entity.name }, runId, aside);
      const skipped = aside.filter(({ reason }) => reason === 'skipped').length;
      counts.skipped += skipped;
      counts.errors += aside.length - skipped;
      const last = rows.length < limit ? null : (rows.at(-1)?.id ?? null);
      const written = { counts, rows: rows.length, last };
      await batch.alongside(trx, written);
      return written;
    }),
  );
}

interface Kept {
  readonly id: string;
  readonly raw: string | null;
  /** undefined for an entity without related records */
  readonly related?: string | null;
  readonly partition: string | null;
  /** gone at the source */
  readonly deleted: boolean;
  readonly leftOut: boolean;
}

/** `synced_at` moves with the content, for those who follow the table by it. A row that is gone stays so; one that another excludes is marked. Returns how many rows were not like this before. */
async function update(
  trx: Knex.Transaction,
  connectionId: string,
  entity: ConnectorEntity,
  live: readonly LiveAnswer[],
): Promise<number> {
  const columns = contentColumns(entity);
  if (live.length === 0) return 0;
  const names = (side: string) => columns.map(({ name }) => `${side}.${quote(name)}`).join(', ');
  const excluded = excludedSql(entity, entity.conflict === 'skip' ? 't' : 'n', 't.connection_id');
  const notGone = '(t.deleted_at is null or t._left_out is not null)';
  // columns that a user may have edited stay
  const fills = entity.conflict === 'skip';
  const replaced = columns.map(({ name }) => `${quote(name)} = n.${quote(name)}`).join(', ');
  const written = columns.length === 0 ? '' : `${fills ? fillSql(entity) : replaced}, `;
  const differ = fills
    ? hasNewerSql(entity)
    : columns.length === 0
      ? 'false'
      : `(${names('t')}) is distinct from (${names('n')})`;
  const { rowCount } = await trx.raw(
    /* sql */ `
    update ${tableName(entity)} t set ${written}synced_at = now(),
      deleted_at = case when t._left_out is null or ${excluded} then t.deleted_at end, _left_out = case when ${excluded} and ${notGone} then 'excluded' end
    from jsonb_to_recordset(?::jsonb) as n(_id text collate "C"${columns.map(({ name, type }) => `, ${quote(name)} ${type}`).join('')})
    where t.connection_id = ? and t.external_id = n._id and (t._left_out is distinct from (case when ${excluded} and ${notGone} then 'excluded' end) or ${differ})`,
    [withExactNumbers(JSON.stringify(live.map((one) => ({ ...exactRow(entity, one), _id: one.id })))), connectionId],
  );
  return rowCount ?? 0;
}
