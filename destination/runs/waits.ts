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

/** A wait that stopped an attempt at something. */
export interface Wait {
  readonly connectionId: string;
  /** the run that the attempt works for; null: none */
  readonly runId: string | null;
  readonly milliseconds: number;
  readonly reason: string;
  /** see TidemarkError: nothing blocks the account, so this wait has not ended because nothing does */
  readonly byEngine: boolean;
}

/** What an attempt that was stopped by a wait has to know. */
export interface NotedWait {
  /** how often operators have ended waits of this connection; who is deferred with another number than the latest goes on */
  readonly resumes: number;
  /** an operator has ended this wait before it was noted */
  readonly ended: boolean;
}

/**
 * Notes that an attempt waits. Its run, if any, keeps its place until then and a little longer. The account's row is locked
 * first, as by `endWaits`: either that sees the run which waits, or this sees that the wait was ended.
 */
export async function noteWait(db: Knex, wait: Wait): Promise<NotedWait> {
  const { connectionId, runId, milliseconds, reason, byEngine } = wait;
  return await db.transaction(async (trx) => {
    const { rows } = await trx.raw(
      /* sql */ `
      select resumes::float8 as resumes, coalesce(blocked_until > clock_timestamp(), false) as blocked
      from tidemark.budgets where account = ? for share`,
      [connectionId],
    );
    const { resumes, blocked }: { resumes: number; blocked: boolean } = rows[0] ?? { resumes: 0, blocked: false };
    // whoever says wait blocks the account, and only an operator ends that before its time
    if (!blocked && !byEngine) return { resumes, ended: true };
    await trx.raw(
      /* sql */ `
      update tidemark.runs set waiting_until = clock_timestamp() + cast(:wait as float8) * interval '1 millisecond',
        waiting_reason = :reason,
        lease_until = greatest(lease_until, clock_timestamp() + (cast(:wait as float8) + :lease) * interval '1 millisecond')
      where id = :runId and connection_id = :connectionId and status = 'running'`,
      { runId, connectionId, wait: milliseconds, reason: reason.slice(0, 500), lease: leaseMs },
    );
    return { resumes, ended: false };
  });
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
 * wait. Audited. Returns what was ended, for whoever makes the runs go on now; the sweep does so too, see `resumedLately`.
 */
export async function endWaits(db: Knex, connectionId: string, by: Decision): Promise<EndedWaits> {
  return await db.transaction(async (trx) => {
    await trx.raw('insert into tidemark.budgets (account) values (?) on conflict do nothing', [connectionId]);
    const { rows } = await trx.raw(
      /* sql */ `
      with before as (
        select account as of, case when blocked_until > clock_timestamp() then blocked_until end as until,
          coalesce(blocked_because, 'an earlier response') as because
        from tidemark.budgets where account = ? for update)
      update tidemark.budgets b
      set blocked_until = null, blocked_because = null, resumes = b.resumes + 1, resumed_at = clock_timestamp()
      from before where b.account = before.of
      returning before.until, before.because`,
      [connectionId],
    );
    const runs = await waitingRuns(trx, connectionId);
    await trx.raw(
      `update tidemark.runs set waiting_until = null, waiting_reason = null where connection_id = ? and status = 'running'`,
      [connectionId],
    );
    const [before]: { until: Date | null; because: string }[] = rows;
    const wait: EndedWaits['wait'] = before?.until ? { until: before.until, because: before.because } : null;
    const details = {
      until: wait?.until.toISOString() ?? null,
      runs: runs.map(({ runId, until }) => ({ runId, until: until.toISOString() })),
    };
    await audit(trx, { ...by, action: 'resume', connectionId, details });
    return { wait, runs };
  });
}

/** A connection whose waits an operator has ended, and its runs. */
export interface Resumed {
  readonly connectionId: string;
  /** see `NotedWait` */
  readonly resumes: number;
  readonly runs: readonly { readonly workflowId: string; readonly workflowRunId: string }[];
}

/** Connections whose waits were ended recently: an attempt that did not know it may have been deferred since. */
export async function resumedLately(db: Knex, connectionId?: string): Promise<Resumed[]> {
  const { rows } = await db.raw(
    /* sql */ `
    select b.account as "connectionId", b.resumes::float8 as resumes, coalesce(
      (select jsonb_agg(jsonb_build_object('workflowId', r.workflow_id, 'workflowRunId', r.workflow_run_id))
       from tidemark.runs r where r.connection_id = b.account and r.status = 'running'), '[]') as runs
    from tidemark.budgets b
    where b.resumed_at > clock_timestamp() - cast(:within as float8) * interval '1 millisecond'
      and (cast(:connectionId as text) is null or b.account = :connectionId)`,
    { within: deferredWithinMs, connectionId: connectionId ?? null },
  );
  return rows;
}

/** How long after an attempt has read that it must wait Temporal may hear of it: later, the attempt counts as dead. */
const deferredWithinMs = 600_000;

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
