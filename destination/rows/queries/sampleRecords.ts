import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { parseExactly } from '../../../schema/json/exactJson';
import { query } from '../../database/query';
import { tableName } from '../format/rowFormat';

/** Stored records of live rows, at random; none where the entity keeps none. */
export async function sampleRecords(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  limit: number,
): Promise<{ readonly id: string; readonly record: unknown }[]> {
  if (!entity.raw) return [];
  const rows = await query<{ id: string; raw: string }>(
    db,
    `select external_id as id, raw::text as raw from ${tableName(entity)}
     where connection_id = ? and deleted_at is null and raw is not null order by random() limit ?`,
    [connectionId, limit],
  );
  return rows.map(({ id, raw }) => ({ id, record: parseExactly(raw, 'keep') }));
}
