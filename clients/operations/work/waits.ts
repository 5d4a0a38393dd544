import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { tryNow } from '../../../activities/attempt/tryNow';
import { getConnection } from '../../../destination/connections/connections';
import { cancelClaimed, type EndedWaits, endWaits, type WaitingRun } from '../../../destination/runs/waits';
import { answerWithinMs, temporalError } from '../../temporal/temporal';
import type { By, OperationContext } from '../definition/context';

export interface Resumed extends EndedWaits {
  readonly connectionId: string;
  /** activities in Temporal that waited and go on now */
  readonly resumed: number;
}

/** How long and how often `resume` looks after attempts of waiting runs of which Temporal is about to hear; the sweep does later. */
const lookAgain = { forMs: 2_000, everyMs: 100 };

/**
 * Ends what the source of a connection asked to wait for, and has everything that was deferred go on now. What Temporal hears of
 * only afterwards goes on with the next sweep. Audited. Throws TidemarkError 'NotFound', and 'TemporalUnavailable', after which it
 * may be called again.
 */
export async function resumeConnection(
  { db, client }: OperationContext,
  { connection: connectionId }: { readonly connection: string },
  by: By,
): Promise<Resumed> {
  await getConnection(db, connectionId);
  const temporal = await client();
  const ended = await endWaits(db, connectionId, by);
  try {
    return { connectionId, ...ended, resumed: await goOn(temporal, connectionId, ended.runs) };
  } catch (error) {
    throw temporalError(error);
  }
}

/** A run shows that it waits a little before Temporal has deferred its attempt. Returns how many activities go on. */
async function goOn(client: Client, connectionId: string, runs: readonly WaitingRun[]): Promise<number> {
  const until = performance.now() + lookAgain.forMs;
  let resumed = 0;
  for (;;) {
    const { reset, underWay } = await tryNow(client, { connectionId, runs });
    resumed += reset;
    // what was reset is under way now
    if (underWay <= reset || resumed >= runs.length || performance.now() > until) return resumed;
    await sleep(lookAgain.everyMs);
  }
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
