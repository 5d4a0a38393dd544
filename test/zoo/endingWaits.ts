import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationContext } from '../../clients/operations/definition/context';
import { tryNow } from '../../clients/operations/work/tryNow';
import { resumeConnection } from '../../clients/operations/work/waits';

const by = { actor: 'zoo', reason: 'the source is well again' };
const everyMs = 300;
/** A wait that is shorter ends by itself. */
const longMs = 60_000;

/** An operator who ends each long wait of a connection as soon as it shows, until the returned function is called. */
export function endingWaits(context: OperationContext, connectionId: string): () => Promise<void> {
  let over = false;
  const watching = (async () => {
    for (; !over; await sleep(everyMs)) {
      if (await isBlocked(context, connectionId)) await resumeConnection(context, { connection: connectionId }, by);
      // a wait shows a little before Temporal has deferred the run, which that resumption then missed
      const runs = await deferredRuns(context, connectionId);
      if (runs.length > 0) await tryNow(await context.client(), connectionId, runs);
    }
  })();
  return async () => {
    over = true;
    await watching;
  };
}

async function isBlocked({ db }: OperationContext, connectionId: string): Promise<boolean> {
  const { rows } = await db.raw(
    `select exists (select from tidemark.budgets
       where account = ? and blocked_until > clock_timestamp() + ? * interval '1 millisecond') as blocked`,
    [connectionId, longMs],
  );
  return rows[0].blocked;
}

/** A run that waits keeps its place, by its lease, for as long. */
async function deferredRuns(
  { db }: OperationContext,
  connectionId: string,
): Promise<{ workflowId: string; workflowRunId: string }[]> {
  const { rows } = await db.raw(
    `select workflow_id as "workflowId", workflow_run_id as "workflowRunId" from tidemark.runs
     where connection_id = ? and status = 'running' and lease_until > clock_timestamp() + 2 * ? * interval '1 millisecond'`,
    [connectionId, longMs],
  );
  return rows;
}
