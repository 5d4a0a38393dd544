import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { query } from '../../database/query';
import { tableName } from '../format/rowFormat';

/** Which of the records have a row; one that was left out is not deleted here, since its related records may bring it back. A row without its record, as of an id that was deleted before it was seen, is none that is live. */
export async function knownRows(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<ReadonlyMap<string, 'live' | 'deleted'>> {
  const rows = await query<{ id: string; state: 'live' | 'deleted' }>(
    db,
    `select external_id as id, case when deleted_at is null or _left_out is not null then 'live' else 'deleted' end as state from ${tableName(entity)}
     where connection_id = ? and external_id = any(?) and (deleted_at is not null or raw is not null)`,
    [connectionId, [...ids]],
  );
  return new Map(rows.map(({ id, state }) => [id, state]));
}
