import type { Knex } from 'knex';
import type { ConnectorEntity } from '../schema/connector';
import { tableName } from './rowFormat';

/** Ids of rows that were soft-deleted, those deleted last first: their records are the likeliest that the source still knows as deleted. */
export async function someDeletedIds(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.raw(
    `select external_id as id from ${tableName(entity)} where connection_id = ? and deleted_at is not null order by deleted_at desc limit ?`,
    [connectionId, limit],
  );
  return rows.map(({ id }: { id: string }) => id);
}

/** Ids of live rows, at random: each row is as likely as any other. Reads the index of the primary key once. */
export async function sampleLiveIds(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.raw(
    `select external_id as id from ${tableName(entity)} where connection_id = ? and deleted_at is null order by random() limit ?`,
    [connectionId, limit],
  );
  return rows.map(({ id }: { id: string }) => id);
}
