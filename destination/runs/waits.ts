import type { Knex } from 'knex';
import type { Target } from '../../schema/workflows';
import { audit, type Decision } from '../audit';
import { leaseMs } from './runs';

/** A run that waits because its source, or the request budget, said so. */
export interface WaitingRun extends Target {
  readonly runId: string;
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly until: Date;
  /** in the words of whoever said wait */
  readonly reason: string;
}

/** Notes that a run waits, and keeps its place until then and a little longer. */
export async function noteWait(db: Knex, runId: string, milliseconds: number, reason: string): Promise<void> {
  await db.raw(
    /* sql */ `
    update tidemark.runs set waiting_until = clock_timestamp() + cast(:wait as float8) * interval '1 millisecond',
      waiting_reason = :reason,
      lease_until = greatest(lease_until, clock_timestamp() + (cast(:wait as float8) + :lease) * interval '1 millisecond')
    where id = :runId and status = 'running'`,
    { runId, wait: milliseconds, reason: reason.slice(0, 500), lease: leaseMs },
  );
}

/** Runs that wait now, the longest wait first; of one connection, or of all. */
export async function waitingRuns(db: Knex, connectionId?: string): Promise<WaitingRun[]> {
  const { rows } = await db.raw(
    /* sql */ `
    select id::text as "runId", connection_id as "connectionId", entity, workflow_id as "workflowId",
      workflow_run_id as "workflowRunId", waiting_until as until, waiting_reason as reason
    from tidemark.runs
    where status = 'running' and waiting_until > clock_timestamp() and (?::text is null or connection_id = ?)
    order by waiting_until desc, id`,
    [connectionId ?? null, connectionId ?? null],
  );
  return rows;
}

/**
 * Ends what a source asked a connection to wait for: the budget lets requests through again, and its runs no longer wait. Audited.
 * Returns the runs that waited, for whoever makes them go on now.
 */
export async function endWaits(db: Knex, connectionId: string, by: Decision): Promise<WaitingRun[]> {
  return await db.transaction(async (trx) => {
    const waiting = await waitingRuns(trx, connectionId);
    await trx.raw(`update tidemark.budgets set blocked_until = null where account = ?`, [connectionId]);
    await trx.raw(
      `update tidemark.runs set waiting_until = null, waiting_reason = null where connection_id = ? and status = 'running'`,
      [connectionId],
    );
    const details = { runs: waiting.map(({ runId, until }) => ({ runId, until: until.toISOString() })) };
    await audit(trx, { ...by, action: 'resume', connectionId, details });
    return waiting;
  });
}
