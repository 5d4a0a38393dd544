import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { audit } from '../../../destination/audit';
import { getConnection } from '../../../destination/connections/connections';
import { getRun, type Run } from '../../../destination/runs/runs';
import { endWaits, type WaitingRun } from '../../../destination/runs/waits';
import { TidemarkError } from '../../../schema/errors';
import { temporalError } from '../../temporal/temporal';
import type { By, TemporalContext } from '../context';

/** Temporal's word for an activity that waits for its next attempt. */
const scheduled = 1;

export interface Resumed {
  readonly connectionId: string;
  /** runs that waited and go on now */
  readonly resumed: readonly WaitingRun[];
}

/**
 * "The source is well again": ends what it asked a connection to wait for, and has the runs that were deferred go on now. A source that
 * says wait again is obeyed again. Throws TidemarkError 'NotFound', and 'TemporalUnavailable', after which it may be called again.
 */
export async function resumeConnection(
  { db, client }: TemporalContext,
  connectionId: string,
  by: By,
): Promise<Resumed> {
  await getConnection(db, connectionId);
  const resumed = await endWaits(db, connectionId, by);
  try {
    for (const run of resumed) await tryNow(client, run);
  } catch (error) {
    throw temporalError(error);
  }
  return { connectionId, resumed };
}

/** Has every activity of a workflow that waits for its next attempt tried at once; the attempts are counted from one again. */
async function tryNow(client: Client, { workflowId, workflowRunId }: WaitingRun): Promise<void> {
  const execution = { workflowId, runId: workflowRunId };
  const { namespace } = client.options;
  const { pendingActivities } = await client.workflowService.describeWorkflowExecution({ namespace, execution });
  for (const { activityId, state } of pendingActivities ?? []) {
    if (state !== scheduled || !activityId) continue;
    // an update of its options makes the server compute anew when it starts: now
    await client.workflowService.resetActivity({ namespace, execution, id: activityId, identity: 'tidemark resume' });
  }
}

/**
 * Ends a run at an operator's word. Its workflow is cancelled and records that itself; what it has committed stays, and the next run goes
 * on from the cursor. Audited. Throws TidemarkError 'NotFound', and 'Usage' for a run that has ended.
 */
export async function cancelRun({ db, client }: TemporalContext, runId: string, by: By): Promise<Run> {
  const run = await getRun(db, runId);
  const { connectionId, entity, workflowId, workflowRunId } = run;
  if (run.status !== 'running') {
    throw new TidemarkError('Usage', `Run ${runId} of ${connectionId}/${entity} has ended already (${run.status})`);
  }
  await audit(db, { ...by, action: 'cancel', connectionId, entity, details: { runId } });
  try {
    await client.workflow.getHandle(workflowId, workflowRunId).cancel();
  } catch (error) {
    // its workflow is over: the sweep ends the run as what it was
    if (!(error instanceof WorkflowNotFoundError)) throw temporalError(error);
  }
  return run;
}
