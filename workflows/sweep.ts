import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { ids, type SyncRecordsInput, type Target } from '../schema/workflows';
import { longRunning } from './activities';
import { syncRecords } from './syncRecords';

/** Every minute: settles lost runs, and starts workflows for leftover webhook events and for disputes that are due. */
export async function sweep(): Promise<{ lostRuns: number; started: number }> {
  const { lostRuns, inbox, disputes } = await longRunning.sweep({});
  let started = 0;
  for (const target of inbox) started += await start(ids.inbox(target), target, { of: 'inbox' });
  for (const target of disputes) started += await start(ids.disputes(target), target, { of: 'disputes' });
  return { lostRuns, started };
}

/** A running workflow of that name already does the same. */
async function start(workflowId: string, target: Target, batch: SyncRecordsInput['batch']): Promise<number> {
  try {
    await startChild(syncRecords, {
      workflowId,
      args: [{ ...target, batch }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      memo: { connection: target.connectionId, entity: target.entity },
    });
    return 1;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 0;
    throw error;
  }
}
