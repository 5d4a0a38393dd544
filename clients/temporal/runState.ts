import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Knex } from 'knex';
import { type EndStatus, endedAs, getRun, type Run } from '../../destination/runs/runs';
import { temporalError } from './temporal';

/** The state of a run as Temporal reports it; `running` only if PostgreSQL says so too. */
export type RunState = 'running' | EndStatus;

/**
 * Returns what became of a run that PostgreSQL records as running. If the workflow ended without recording its run, the state is how
 * the workflow ended. If it completed without recording it, or Temporal no longer has it and the lease has expired, the run is lost.
 * Throws TidemarkError 'TemporalUnavailable'.
 */
export async function stateOf({ db, client }: { db: Knex; client: Client }, run: Run): Promise<RunState> {
  if (run.status !== 'running') return run.status;
  try {
    const { status } = await client.workflow.getHandle(run.workflowId, run.workflowRunId).describe();
    const state = endedAs[status.name] ?? 'running';
    // the run may have been recorded as ended in the meantime
    return state === 'running' ? state : recorded(await getRun(db, run.id), state);
  } catch (error) {
    // A renewed lease shows a live worker: perhaps in another namespace, to which this process is not connected.
    if (error instanceof WorkflowNotFoundError)
      return run.leaseExpired ? recorded(await getRun(db, run.id), 'lost') : 'running';
    throw temporalError(error);
  }
}

function recorded(run: Run, state: EndStatus): EndStatus {
  return run.status === 'running' ? state : run.status;
}
