import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { audit, type Decision } from '../audit';
import { endRun, getRun, leaseMs, type Run } from './runs';

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

/** A wait that a source asked for, and the runs that waited. */
export interface EndedWaits {
  readonly wait: { readonly until: Date; readonly because: string } | null;
  readonly runs: readonly WaitingRun[];
}

/**
 * Ends what a source asked a connection to wait for: the request budget lets requests through again, and its runs no longer
 * wait. Audited. Returns what was ended, for whoever makes the runs go on now.
 */
export async function endWaits(db: Knex, connectionId: string, by: Decision): Promise<EndedWaits> {
  return await db.transaction(async (trx) => {
    const runs = await waitingRuns(trx, connectionId);
    const { rows } = await trx.raw(
      /* sql */ `
      with before as (
        select account as of, blocked_until as until, coalesce(blocked_because, 'an earlier response') as because
        from tidemark.budgets where account = ? and blocked_until > clock_timestamp() for update)
      update tidemark.budgets b set blocked_until = null, blocked_because = null from before where b.account = before.of
      returning before.until, before.because`,
      [connectionId],
    );
    await trx.raw(
      `update tidemark.runs set waiting_until = null, waiting_reason = null where connection_id = ? and status = 'running'`,
      [connectionId],
    );
    const wait: EndedWaits['wait'] = rows[0] ?? null;
    const details = {
      until: wait?.until.toISOString() ?? null,
      runs: runs.map(({ runId, until }) => ({ runId, until: until.toISOString() })),
    };
    await audit(trx, { ...by, action: 'resume', connectionId, details });
    return { wait, runs };
  });
}

/**
 * Ends a run as cancelled and frees its place; audited. `cancel` ends its workflow, and nothing is recorded where it throws.
 * Throws TidemarkError 'NotFound', and 'Usage' for a run that has ended.
 */
export async function cancelClaimed(
  db: Knex,
  runId: string,
  by: Decision,
  cancel: (run: Run) => Promise<void>,
): Promise<Run> {
  return await db.transaction(async (trx) => {
    const run = await getRun(trx, runId);
    const { connectionId, entity, status } = run;
    if (status !== 'running') {
      throw new TidemarkError('Usage', `Run ${runId} of ${connectionId}/${entity} has ended already (${status})`);
    }
    await audit(trx, { ...by, action: 'cancel', connectionId, entity, details: { runId } });
    const ended = await endRun(trx, runId, {
      status: 'cancelled',
      errorType: 'Cancelled',
      error: `${by.actor} cancelled the run: ${by.reason}`,
    });
    await cancel(run);
    return ended;
  });
}
