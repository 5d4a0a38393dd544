import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { ids, type Target } from '../schema/workflows';
import { reconciliation } from './reconciliation';

/** Starts a reconciliation that outlives its parent; nothing where one of that name is already running. */
export async function startReconciliation({ connectionId, entity }: Target): Promise<void> {
  try {
    await startChild(reconciliation, {
      workflowId: ids.reconciliation({ connectionId, entity }),
      args: [{ connectionId, entity, trigger: 'schedule' }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      memo: { connection: connectionId, entity },
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
