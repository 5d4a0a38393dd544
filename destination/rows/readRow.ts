import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { tableName } from './rowFormat';

/** A destination row as it is, by column; undefined where there is none, or no table yet. */
export async function readRow(
  db: Knex,
  entity: ConnectorEntity,
  connectionId: string,
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const { rows: tables } = await db.raw('select to_regclass(?) is not null as there', [tableName(entity)]);
  if (!tables[0].there) return undefined;
  const { rows } = await db.raw(`select * from ${tableName(entity)} where connection_id = ? and external_id = ?`, [
    connectionId,
    id,
  ]);
  return rows[0];
}
