import { WorkflowFailedError } from '@temporalio/client';
import type { ConnectorEntity } from '../../../../schema/definition/connector';
import { messageOf } from '../../../../schema/errors';
import type { Target } from '../../../../schema/workflows';
import { type StartContext, startWorkflow } from '../../../temporal/start';
import { isDeadline, temporalError } from '../../../temporal/temporal';
import { lookAt as lookAtRecord } from '../../../temporal/workflows';
import type { SourceNow } from './verdict';

/** How long the source may take; without a running worker no answer comes at all. */
const mostPatienceSeconds = 45;

/**
 * Asks the source for one record through a worker, and waits `seconds` for the answer. What prevents the answer is returned, not
 * thrown: an explanation without it is better than none.
 */
export async function lookAt(
  { db, client, taskQueue }: StartContext,
  { connectionId, entity, id }: { connectionId: string; entity: ConnectorEntity; id: string },
  seconds = mostPatienceSeconds,
): Promise<SourceNow> {
  const target: Target = { connectionId, entity: entity.name };
  try {
    const { handle } = await startWorkflow({ db, client, taskQueue }, lookAtRecord(entity), { ...target, id });
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
