import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { queryIds } from '../database/query';
import { tableName } from './format/rowFormat';

/**
 * Disputed rows whose read lag has passed, since the dispute and since what the row holds: a confirming answer asked
 * for now settles them. The longest disputed first.
 */
export async function dueDisputes(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  readLagMs: number,
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select external_id as id from ${tableName(entity)}
    where connection_id = ? and _disputed_at is not null
      and greatest(_disputed_at, _received_at) < clock_timestamp() - (? + 100) * interval '1 millisecond'
    order by _disputed_at limit ?`,
    [connectionId, readLagMs, limit],
  );
}

/** Connections of which an entity has disputed rows that are due. */
export async function connectionsWithDueDisputes(
  db: Knex,
  entity: ConnectorEntity,
  readLagMs: number,
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select distinct connection_id as id from ${tableName(entity)}
    where _disputed_at is not null and greatest(_disputed_at, _received_at) < clock_timestamp() - (? + 100) * interval '1 millisecond'`,
    [readLagMs],
  );
}

/** How many rows of a connection's entity are disputed, due or not. */
export async function countDisputed(db: Knex, connectionId: string, entity: ConnectorEntity): Promise<number> {
  const { rows } = await db.raw(
    `select count(*) as disputed from ${tableName(entity)} where connection_id = ? and _disputed_at is not null`,
    [connectionId],
  );
  return rows[0].disputed;
}

/** Makes live rows disputed, so that their records are fetched again. Returns their ids. The caller holds the write lock. */
export async function raiseDisputes(
  trx: Knex.Transaction,
  { connectionId, entity }: { readonly connectionId: string; readonly entity: ConnectorEntity },
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  return queryIds(
    trx,
    `update ${tableName(entity)} set _disputed_at = clock_timestamp()
     where connection_id = ? and external_id = any(?) and _disputed_at is null returning external_id as id`,
    [connectionId, [...ids]],
  );
}
