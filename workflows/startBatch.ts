import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, patched, startChild } from '@temporalio/workflow';
import { againSignal, ids, type SyncRecordsInput, type Target } from '../schema/workflows';
import { syncRecords } from './syncRecords';

/** Starts a batch that outlives its parent. Returns 0 where a workflow of that name is already running: it does the same. */
export async function startBatch(
  workflowId: string,
  target: Target,
  input: Omit<SyncRecordsInput, keyof Target>,
): Promise<number> {
  try {
    await startChild(syncRecords, {
      workflowId,
      args: [{ connectionId: target.connectionId, entity: target.entity, ...input }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      memo: { connection: target.connectionId, entity: target.entity },
    });
    return 1;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 0;
    throw error;
  }
}

/**
 * Fetches rows again that a delta has left disputed, once their read lag has passed; nothing where there are none. A batch that already
 * runs may be past its wait, or end before these rows are due: it is asked to look once more.
 */
export async function settleAfter(
  target: Target,
  disputed: number | undefined,
  afterMs: number | null | undefined,
): Promise<void> {
  if (!disputed || afterMs === null || afterMs === undefined) return;
  const workflowId = ids.disputes(target);
  const start = () => startBatch(workflowId, target, { batch: { of: 'disputes' }, afterMs });
  if ((await start()) > 0 || !patched('settle-again')) return;
  try {
    await getExternalWorkflowHandle(workflowId).signal(againSignal, afterMs);
  } catch {
    // it has ended meanwhile
    await start();
  }
}
