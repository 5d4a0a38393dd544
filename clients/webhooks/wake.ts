import type { Client } from '@temporalio/client';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { recordKey } from '../../schema/recordKey';
import {
  againSignal,
  ids,
  type SingleRecordInput,
  type SyncRecordsInput,
  type Target,
  workflowNames,
} from '../../schema/workflows';
import { workflowPriority } from '../temporal/priority';
import { labels } from '../temporal/searchAttributes';

/** The SDK goes on trying by itself for long; what fails here is tried again by the dispatcher. */
const deadlineMs = 5_000;

/** Has one record fetched; when it is being fetched, once more. */
export async function wakeRecord(
  client: Client,
  taskQueue: string,
  entity: ConnectorEntity,
  input: SingleRecordInput,
): Promise<void> {
  await signalWithStart(client, taskQueue, input, {
    name: workflowNames.singleRecord,
    workflowId: ids.record(input, recordKey(entity, input.id)),
    strategy: 'record',
    input,
  });
}

/** Has whatever is open in the inbox for one entity of a connection fetched in batches. */
export async function wakeInbox(client: Client, taskQueue: string, { connectionId, entity }: Target): Promise<void> {
  const target = { connectionId, entity };
  const input: SyncRecordsInput = { ...target, batch: { of: 'inbox' } };
  await signalWithStart(client, taskQueue, target, {
    name: workflowNames.syncRecords,
    workflowId: ids.inbox(target),
    strategy: 'inbox',
    input,
  });
}

async function signalWithStart(
  client: Client,
  taskQueue: string,
  target: Target,
  workflow: { name: string; workflowId: string; strategy: string; input: SingleRecordInput | SyncRecordsInput },
): Promise<void> {
  await client.withDeadline(Date.now() + deadlineMs, async () => {
    await client.workflow.signalWithStart(workflow.name, {
      workflowId: workflow.workflowId,
      taskQueue,
      args: [workflow.input],
      signal: againSignal,
      signalArgs: [],
      workflowIdConflictPolicy: 'USE_EXISTING',
      priority: workflowPriority('webhook', target.connectionId),
      ...(await labels(client, target, workflow.strategy)),
    });
  });
}
