import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Knex } from 'knex';
import { type EndStatus, endedAs, getRun, type Run } from '../../destination/runs/runs';
import { temporalError } from './temporal';

/** How a run goes, as Temporal tells it. `running` of one that Postgres calls so too. */
export type RunState = 'running' | EndStatus;

/**
 * What became of a run that Postgres calls running. A workflow that ended without recording its run is told as it ended;
 * one that completed so, or that Temporal does not know any more although its lease is over, is lost.
 * Throws TidemarkError 'TemporalUnavailable'.
 */
export async function stateOf({ db, client }: { db: Knex; client: Client }, run: Run): Promise<RunState> {
  if (run.status !== 'running') return run.status;
  try {
    const { status } = await client.workflow.getHandle(run.workflowId, run.workflowRunId).describe();
    const state = endedAs[status.name] ?? 'running';
    // it may have recorded its end since Postgres was asked
    return state === 'running' ? state : recorded(await getRun(db, run.id), state);
  } catch (error) {
    // With its lease renewed somebody works on it: perhaps in another namespace, to which we are not connected.
    if (error instanceof WorkflowNotFoundError)
      return run.leaseExpired ? recorded(await getRun(db, run.id), 'lost') : 'running';
    throw temporalError(error);
  }
}

function recorded(run: Run, state: EndStatus): EndStatus {
  return run.status === 'running' ? state : run.status;
}
