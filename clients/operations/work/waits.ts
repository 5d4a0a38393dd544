import { getConnection } from '../../../destination/connections/connections';
import { cancelClaimed, type EndedWaits, endWaits } from '../../../destination/runs/waits';
import { answerWithinMs, temporalError } from '../../temporal/temporal';
import type { By, OperationContext } from '../definition/context';
import { tryNow } from './tryNow';

export interface Resumed extends EndedWaits {
  readonly connectionId: string;
  /** activities in Temporal that waited and go on now */
  readonly resumed: number;
}

/**
 * Ends what the source of a connection asked to wait for, and has everything that was deferred go on now. Audited. Throws
 * TidemarkError 'NotFound', and 'TemporalUnavailable', after which it may be called again.
 */
export async function resumeConnection(
  { db, client }: OperationContext,
  { connection: connectionId }: { readonly connection: string },
  by: By,
): Promise<Resumed> {
  await getConnection(db, connectionId);
  const temporal = await client();
  const ended = await endWaits(db, connectionId, by);
  return { connectionId, ...ended, resumed: await tryNow(temporal, connectionId, ended.runs) };
}

/**
 * Ends a run at an operator's word, and frees its place at once. Its workflow is cancelled; what it writes afterwards is refused.
 * Audited. Throws TidemarkError 'NotFound', 'Usage' for a run that has ended, and 'TemporalUnavailable', when nothing has changed.
 */
export async function cancelRun({ db, client }: OperationContext, { run: id }: { readonly run: string }, by: By) {
  const temporal = await client();
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  const run = await cancelClaimed(db, id, by, async ({ workflowId, workflowRunId }) => {
    try {
      const handle = temporal.workflow.getHandle(workflowId, workflowRunId);
      await temporal.withDeadline(Date.now() + answerWithinMs, () => handle.cancel());
    } catch (error) {
      // its workflow is over and has not recorded its run
      if (!(error instanceof WorkflowNotFoundError)) throw temporalError(error);
    }
  });
  const { connectionId, entity, strategy, status } = run;
  return { runId: run.id, connectionId, entity, strategy, status };
}
