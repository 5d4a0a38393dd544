import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { tableName } from '../format/rowFormat';

/**
 * A destination row as it is, by column; undefined where there is none, or no table yet. `raw` is its JSON text: the driver's
 * parser would round its numbers.
 */
export async function readRow(
  db: Knex,
  entity: ConnectorEntity,
  connectionId: string,
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const { rows: tables } = await db.raw('select to_regclass(?) is not null as there', [tableName(entity)]);
  if (!tables[0].there) return undefined;
  const raw = entity.raw ? `, (to_jsonb(t) -> 'raw')::text as raw` : '';
  const { rows } = await db.raw(
    `select t.*${raw} from ${tableName(entity)} t where connection_id = ? and external_id = ?`,
    [connectionId, id],
  );
  return rows[0];
}
