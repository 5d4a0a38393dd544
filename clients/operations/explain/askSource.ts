import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import type { LookAtInput, LookAtResult } from '../../../schema/definition/checks';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { messageOf } from '../../../schema/errors';
import { recordKey } from '../../../schema/recordKey';
import { taskQueue as defaultTaskQueue, ids, type Target, workflowNames } from '../../../schema/workflows';
import { workflowPriority } from '../../temporal/priority';
import { labels } from '../../temporal/searchAttributes';
import { answerWithinMs, isDeadline, temporalError } from '../../temporal/temporal';
import type { SourceNow } from './verdict';

/** So long the source may take at most; without a worker nobody answers at all. */
export const mostPatienceSeconds = 45;

/**
 * Asks the source for one record through a worker, and waits `seconds` for the answer. What keeps it from answering is told, not
 * thrown: an explanation without it is better than none.
 */
export async function lookAt(
  { client, taskQueue = defaultTaskQueue }: { readonly client: Client; readonly taskQueue?: string | undefined },
  { connectionId, entity, id }: { connectionId: string; entity: ConnectorEntity; id: string },
  seconds = mostPatienceSeconds,
): Promise<SourceNow> {
  const target: Target = { connectionId, entity: entity.name };
  try {
    const handle = await client.withDeadline(Date.now() + answerWithinMs, async () =>
      client.workflow.start<(input: LookAtInput) => Promise<LookAtResult>>(workflowNames.lookAt, {
        workflowId: ids.look(target, recordKey(entity, id)),
        taskQueue,
        args: [{ ...target, id }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowExecutionTimeout: mostPatienceSeconds * 1000,
        priority: workflowPriority('webhook', connectionId),
        ...(await labels(client, target, 'look')),
      }),
    );
    return await client.withDeadline(Date.now() + seconds * 1000, () => handle.result()).catch(late);
  } catch (error) {
    return { says: 'not-asked', detail: whyNot(error) };
  }

  function late(error: unknown): SourceNow {
    if (!isDeadline(error)) throw error;
    return { says: 'not-asked', detail: noAnswer(seconds) };
  }
}

function whyNot(error: unknown): string {
  if (!(error instanceof WorkflowFailedError)) return temporalError(error).message;
  let root: unknown = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const timedOut = root instanceof Error && root.name === 'TimeoutFailure';
  return timedOut ? noAnswer(mostPatienceSeconds) : messageOf(root);
}

function noAnswer(seconds: number): string {
  return `no answer within ${seconds} s: is a worker running, and does the source answer?`;
}
