import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { queryIds } from '../../database/query';
import { tableName } from '../format/rowFormat';

/**
 * Connections of which the related records of all rows were read longer ago than this. One that has not been synced in full yet is not
 * among them: its first sync reads them.
 */
export async function dueForReadingAgain(
  db: Knex,
  connector: string,
  entity: ConnectorEntity,
  everyMs: number,
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select e.connection_id as id from tidemark.entities e join tidemark.connections c on c.id = e.connection_id
    where c.connector = ? and c.enabled and e.entity = ? and exists (select from tidemark.cursors k where k.connection_id = e.connection_id and k.entity = e.entity and k.listing = 'changes')
      and coalesce(e.related_read_at, '-infinity') < clock_timestamp() - ? * interval '1 millisecond'`,
    [connector, entity.name, everyMs],
  );
}

/**
 * Owes the related records of every row of a connection that is live or left out, and of every record that was skipped and has no row: its
 * first related record may be what it was skipped for. Notes that they are being read as of now.
 */
export async function noteReadAgain(
  trx: Knex.Transaction,
  connectionId: string,
  entity: ConnectorEntity,
): Promise<void> {
  await trx.raw(
    /* sql */ `
    insert into tidemark.owed as o (connection_id, entity, external_id, reason)
    select :connectionId, :entity, external_id, 'again' from (
      select external_id from ${tableName(entity)} where connection_id = :connectionId and (deleted_at is null or _left_out is not null)
      union
      select external_id from tidemark.set_aside a
      where connection_id = :connectionId and entity = :entity and reason = 'skipped' and cleared_at is null and external_id is not null
        and not exists (select from ${tableName(entity)} c where c.connection_id = :connectionId and c.external_id = a.external_id)
    ) as records order by external_id
    on conflict (connection_id, entity, external_id) do update set since = greatest(o.since, excluded.since)`,
    { connectionId, entity: entity.name },
  );
  await noteRelatedRead(trx, connectionId, entity.name, null);
}

/** Notes since when the related records of all rows have been read: since the beginning of a run, or since now. */
export async function noteRelatedRead(
  trx: Knex,
  connectionId: string,
  entity: string,
  runId: string | null,
): Promise<void> {
  await trx.raw(
    /* sql */ `
    update tidemark.entities set related_read_at = greatest(related_read_at,
      coalesce((select started_at from tidemark.runs where id = ?), clock_timestamp()))
    where connection_id = ? and entity = ?`,
    [runId, connectionId, entity],
  );
}
