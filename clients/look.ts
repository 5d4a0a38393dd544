import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import type { LookAtInput, LookAtResult } from '../schema/checks';
import type { ConnectorEntity } from '../schema/connector';
import { messageOf } from '../schema/errors';
import { recordKey } from '../schema/recordKey';
import { taskQueue as defaultTaskQueue, ids, type Target, workflowNames } from '../schema/workflows';
import type { SourceNow } from './explain/verdict';
import { workflowPriority } from './priority';
import { labels } from './searchAttributes';
import { temporalError } from './temporal';

/** So long the source may take; without a worker nobody answers at all. */
const patience = '45 seconds';

/**
 * Asks the source for one record through a worker. What keeps it from answering is told, not thrown: an explanation without it is
 * better than none.
 */
export async function lookAt(
  { client, taskQueue = defaultTaskQueue }: { readonly client: Client; readonly taskQueue?: string | undefined },
  { connectionId, entity, id }: { connectionId: string; entity: ConnectorEntity; id: string },
): Promise<SourceNow> {
  const target: Target = { connectionId, entity: entity.name };
  try {
    return await client.workflow.execute<(input: LookAtInput) => Promise<LookAtResult>>(workflowNames.lookAt, {
      workflowId: ids.look(target, recordKey(entity, id)),
      taskQueue,
      args: [{ ...target, id }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowExecutionTimeout: patience,
      priority: workflowPriority('webhook', connectionId),
      ...(await labels(client, target, 'look')),
    });
  } catch (error) {
    return { says: 'not-asked', detail: whyNot(error) };
  }
}

function whyNot(error: unknown): string {
  if (!(error instanceof WorkflowFailedError)) return temporalError(error).message;
  let root: unknown = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const timedOut = root instanceof Error && root.name === 'TimeoutFailure';
  return timedOut ? `no answer within ${patience}: is a worker running?` : messageOf(root);
}
