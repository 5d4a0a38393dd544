import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { queryIds } from '../../database/query';
import { tableName } from '../format/rowFormat';
import { lockEntity } from '../lockEntity';
import { excludedSql } from './excludedSql';

/** Written in one transaction, which holds the entity's write lock. */
const atOnce = 500;

export interface Settling {
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  readonly writtenBy: string;
  /** the staging table of a complete scan: only records that it lists come back */
  readonly listed: string;
}

/**
 * Tests every row against the tables that exclude records, both ways: a live row that another excludes is marked, to be deleted once the
 * deletion guard lets it; a row that nothing excludes any more is live again, if the source has just listed its record. Returns how many
 * rows are live again. Rows are looked for without a lock, and tested again under it.
 */
export async function settleExclusions(db: Knex, settling: Settling): Promise<number> {
  const { connectionId, entity } = settling;
  const test = excludedSql(entity, 'c', 'c.connection_id');
  const toMark = `c.deleted_at is null and c._left_out is null and ${test}`;
  const toShow = `c._left_out = 'excluded' and not ${test} and (c.deleted_at is null or exists (select from ${settling.listed} s where s.external_id = c.external_id))`;
  const find = (which: string) =>
    queryIds(
      db,
      `select c.external_id as id from ${tableName(entity)} c where c.connection_id = ? and ${which} order by 1`,
      [connectionId],
    );
  if (entity.exclusions !== undefined)
    await inParts(db, settling, await find(toMark), (trx, ids) => mark(trx, settling, ids, toMark));
  return inParts(db, settling, await find(toShow), (trx, ids) => show(trx, settling, ids, toShow));
}

async function inParts(
  db: Knex,
  { connectionId, entity }: Settling,
  ids: readonly string[],
  write: (trx: Knex.Transaction, ids: readonly string[]) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (let from = 0; from < ids.length; from += atOnce) {
    sum += await db.transaction(async (trx) => {
      await lockEntity(trx, { connectionId, entity });
      return write(trx, ids.slice(from, from + atOnce));
    });
  }
  return sum;
}

async function mark(
  trx: Knex.Transaction,
  { connectionId, entity }: Settling,
  ids: readonly string[],
  which: string,
): Promise<number> {
  const { rowCount } = await trx.raw(
    `update ${tableName(entity)} c set _left_out = 'excluded'
     where c.connection_id = ? and c.external_id = any(?::text[]) and ${which}`,
    [connectionId, [...ids]],
  );
  return rowCount ?? 0;
}

/** The row holds its record as the source showed it last; its version is compared with the listing's like that of any other. */
async function show(
  trx: Knex.Transaction,
  { connectionId, entity, writtenBy }: Settling,
  ids: readonly string[],
  which: string,
): Promise<number> {
  const { rows } = await trx.raw(
    /* sql */ `
    with before as materialized (
      select c.external_id, c.deleted_at from ${tableName(entity)} c
      where c.connection_id = :connectionId and c.external_id = any(cast(:ids as text[])) and ${which}
    ), shown as (
      update ${tableName(entity)} t set _left_out = null, deleted_at = null,
        synced_at = case when b.deleted_at is null then t.synced_at else now() end,
        _written_by = case when b.deleted_at is null then t._written_by else :writtenBy end
      from before b where t.connection_id = :connectionId and t.external_id = b.external_id
      returning t.external_id, b.deleted_at, t._version, t._sent_at, t._received_at, t._watermark_at
    ), traced as (
      insert into tidemark.answers (connection_id, entity, external_id, outcome, won, gone, version, sent_at, received_at, written_by, held_gone, watermark_at)
      select :connectionId, :entity, external_id, 'included', true, false, _version, _sent_at, _received_at, :writtenBy, true, coalesce(_watermark_at, '-infinity')
      from shown where deleted_at is not null
    )
    select count(*)::int as shown from shown where deleted_at is not null`,
    { connectionId, entity: entity.name, writtenBy, ids: [...ids] },
  );
  return rows[0].shown;
}
