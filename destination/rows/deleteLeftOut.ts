import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { query, queryIds } from '../database/query';
import { userEditsSql } from './edits/userEdits';
import { tableName } from './format/rowFormat';
import type { LeftOutReason } from './leftOut';

/** SQL over a stored row `c`: its record is left out, and it is still live. */
export const leftOutYet = 'c._left_out is not null and c.deleted_at is null';

/** How many live rows of a connection are left out, for this reason, without those that carry a user's edits. */
export async function countLeftOut(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  reason: LeftOutReason,
): Promise<number> {
  const [found] = await query<{ count: number }>(
    db,
    `select count(*)::int as count from ${tableName(entity)} c where c.connection_id = ? and ${leftOutYet} and c._left_out = ? and not ${await userEditsSql(db, entity, 'c')}`,
    [connectionId, reason],
  );
  return found?.count ?? 0;
}

/** How many live rows of a connection are left out and stay, since they carry a user's edits. */
export async function countEdited(db: Knex, connectionId: string, entity: ConnectorEntity): Promise<number> {
  if (entity.conflict !== 'skip') return 0;
  const [found] = await query<{ count: number }>(
    db,
    `select count(*)::int as count from ${tableName(entity)} c where c.connection_id = ? and ${leftOutYet} and ${await userEditsSql(db, entity, 'c')}`,
    [connectionId],
  );
  return found?.count ?? 0;
}

/** Rows that were deleted in the last 24 hours because their record is left out, by other writers than runs: no plan counts them. */
export async function leftOutLately(db: Knex, connectionId: string, entity: ConnectorEntity): Promise<number> {
  const [found] = await query<{ count: number }>(
    db,
    `select count(*)::int as count from ${tableName(entity)} c
     where c.connection_id = ? and c._left_out is not null and c.deleted_at > now() - interval '24 hours' and c._written_by not like 'run %'`,
    [connectionId],
  );
  return found?.count ?? 0;
}

export interface DeleteLeftOut {
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  readonly reason: LeftOutReason;
  readonly writtenBy: string;
  /** only rows of these; null: any */
  readonly ids: readonly string[] | null;
  readonly limit: number;
}

/**
 * Soft-deletes live rows whose record is left out, and notes each in the trace. The caller holds the write lock, so a row that a later answer has
 * brought back by then is none of them. Nor is one that carries a user's edits, which the update itself looks at once more, since users take no
 * lock. Returns the ids.
 */
export async function deleteLeftOut(
  trx: Knex.Transaction,
  { connectionId, entity, reason, writtenBy, ids, limit }: DeleteLeftOut,
): Promise<string[]> {
  return queryIds(
    trx,
    /* sql */ `
    with chosen as (
      select c.external_id from ${tableName(entity)} c
      where c.connection_id = :connectionId and ${leftOutYet} and c._left_out = :reason and not ${await userEditsSql(trx, entity, 'c')}
        and (cast(:ids as text[]) is null or c.external_id = any(cast(:ids as text[])))
      order by c.external_id limit :limit
    ), deleted as (
      update ${tableName(entity)} t set deleted_at = now(), synced_at = now(), _written_by = :writtenBy
      from chosen c where t.connection_id = :connectionId and t.external_id = c.external_id and not ${await userEditsSql(trx, entity, 't')}
      returning t.external_id, t._left_out, t._version, t._sent_at, t._received_at, t._watermark_at
    ), traced as (
      insert into tidemark.answers (connection_id, entity, external_id, outcome, won, gone, version, sent_at, received_at, written_by, held_gone, watermark_at)
      select :connectionId, :entity, external_id, _left_out, true, false, _version, _sent_at, _received_at, :writtenBy, false, coalesce(_watermark_at, '-infinity') from deleted
    )
    select external_id as id from deleted`,
    { connectionId, entity: entity.name, reason, writtenBy, ids: ids === null ? null : [...ids], limit },
  );
}
