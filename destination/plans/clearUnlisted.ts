import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { query } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import { countStaged, stagingTable } from './staging';

export interface ClearUnlisted {
  readonly runId: string;
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  /** how many ids the scan has staged by its manifest: a table that a crash has emptied shows nothing */
  readonly staged: number;
  /** entries that were seen later stay: the record may be newer than the scan */
  readonly seenBefore: Date;
}

/**
 * Clears the open set-aside entries of records that a complete scan did not list and that have no live row: the source no longer has them,
 * and no request would ever ask for them again. Returns how many.
 */
export async function clearUnlisted(
  db: Knex,
  { runId, connectionId, entity, staged, seenBefore }: ClearUnlisted,
): Promise<number> {
  const staging = stagingTable(runId, 'scan');
  const open = await query(
    db,
    `select from tidemark.set_aside
     where connection_id = ? and entity = ? and cleared_at is null and external_id is not null and to_regclass(?) is not null limit 1`,
    [connectionId, entity.name, staging],
  );
  if (open.length === 0 || staged === 0 || (await countStaged(db, staging)) !== staged) return 0;
  const { rowCount } = await db.raw(
    /* sql */ `
    update tidemark.set_aside s set cleared_at = clock_timestamp(), cleared_by = :by
    where s.connection_id = :connectionId and s.entity = :entity and s.cleared_at is null and s.external_id is not null
      and s.last_seen_at < :seenBefore
      and not exists (select from ${staging} l where l.external_id = s.external_id)
      and not exists (select from ${tableName(entity)} c
        where c.connection_id = :connectionId and c.external_id = s.external_id and c.deleted_at is null)`,
    { by: `run ${runId} read everything and did not list it`, connectionId, entity: entity.name, seenBefore },
  );
  return rowCount ?? 0;
}
