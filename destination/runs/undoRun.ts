import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import type { Decision } from '../audit';
import { audit } from '../audit';
import { tableName } from '../rows/format/rowFormat';
import { lockEntity } from '../rows/lockEntity';
import { getRun } from './runs';

export interface Undone {
  readonly restored: number;
  /** rows that this run deleted, and that were written since: they stay as they are */
  readonly changedSince: number;
}

/**
 * Brings back the rows that a run soft-deleted, as a confirming write: they are live with the content they had, and nothing
 * that was received before is written over them. Rows that were written since stay. The next reconciliation judges them
 * anew. Throws TidemarkError 'Usage' where the run deleted nothing, or was undone.
 */
export async function undoRun(
  db: Knex,
  runId: string,
  entity: ConnectorEntity,
  readLagMs: number,
  by: Decision,
): Promise<Undone> {
  const run = await getRun(db, runId);
  return db.transaction(async (trx) => {
    await lockEntity(trx, { connectionId: run.connectionId, entity });
    const { rows } = await trx.raw(
      /* sql */ `
      with deleted as (
        select i.external_id from tidemark.plan_items i join tidemark.plans p on p.id = i.plan_id
        where (p.run_id = ? or p.applied_by = ?) and p.status <> 'undone' and i.outcome = 'deleted'
      ), restored as (
        update ${tableName(entity)} t set deleted_at = null, _left_out = null, synced_at = now(), _sent_at = clock_timestamp(), _received_at = clock_timestamp(),
          _watermark_at = greatest(t._watermark_at, clock_timestamp() - ? * interval '1 millisecond'), _disputed_at = null, _written_by = ?
        from deleted d
        where t.connection_id = ? and t.external_id = d.external_id and t.deleted_at is not null and t._written_by = ?
        returning 1
      )
      select (select count(*) from deleted) as deleted, (select count(*) from restored) as restored`,
      [runId, runId, readLagMs, `undo of run ${runId}`, run.connectionId, `run ${runId}`],
    );
    const { deleted, restored } = rows[0];
    if (deleted === 0)
      throw new TidemarkError('Usage', `Run ${runId} of ${run.connectionId}/${run.entity} has no deletions to undo`);
    await trx.raw(
      `update tidemark.plans set status = 'undone', decided_at = now(), decided_by = ?, decision_reason = ?
       where (run_id = ? or applied_by = ?) and status <> 'waiting'`,
      [by.actor, by.reason, runId, runId],
    );
    const { connectionId } = run;
    await audit(trx, {
      ...by,
      action: 'undo',
      connectionId,
      entity: run.entity,
      details: { runId, restored, deleted },
    });
    return { restored, changedSince: deleted - restored };
  });
}
