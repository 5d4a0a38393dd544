import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import type { Differences } from './diffScan';
import { stagingTable } from './staging';

/**
 * Records that a scan listed and could not write, since they are set aside: they are missing, or stale, as they are where the scan
 * lists ids only. Those that the mapping skips are neither.
 */
export async function countUnwritten(
  trx: Knex,
  {
    runId,
    connectionId,
    entity,
  }: { readonly runId: string; readonly connectionId: string; readonly entity: ConnectorEntity },
): Promise<Pick<Differences, 'missing' | 'stale'>> {
  const staging = stagingTable(runId, 'scan');
  const [known] = await query<{ known: boolean }>(trx, 'select to_regclass(?) is not null as known', [staging]);
  // a run that has dropped it already has recorded its proof
  if (!known?.known) return { missing: 0, stale: 0 };
  const differs = entity.conflict === 'skip' ? 'false' : 'c._version is distinct from s.version';
  const [found] = await query<Pick<Differences, 'missing' | 'stale'>>(
    trx,
    /* sql */ `
    select count(distinct a.id) filter (where c.external_id is null or c.deleted_at is not null)::int as missing,
      count(distinct a.id) filter (where c.deleted_at is null and c.external_id is not null and ${differs})::int as stale
    from (select distinct external_id as id from tidemark.set_aside
      where connection_id = ? and entity = ? and reason <> 'skipped' and cleared_at is null) a
    join ${staging} s on s.external_id = a.id
    left join ${tableName(entity)} c on c.connection_id = ? and c.external_id = a.id`,
    [connectionId, entity.name, connectionId],
  );
  return found ?? { missing: 0, stale: 0 };
}

/** Records that a plan took for missing, and whose fetch showed that the mapping leaves them out still: there was no difference. */
export async function countStillSkipped(db: Knex, { connectionId, entity }: Target, planId: string): Promise<number> {
  const [found] = await query<{ count: number }>(
    db,
    /* sql */ `
    select count(*)::int as count from tidemark.plan_items i join tidemark.set_aside a
      on a.connection_id = ? and a.entity = ? and a.external_id = i.external_id and a.reason = 'skipped' and a.cleared_at is null
    where i.plan_id = ? and i.difference = 'missing'`,
    [connectionId, entity, planId],
  );
  return found?.count ?? 0;
}
