import { setTimeout as sleep } from 'node:timers/promises';
import { goOnAfterResume } from '../../activities/attempt/tryNow';
import type { OperationContext } from '../../clients/operations/definition/context';
import { resumeConnection } from '../../clients/operations/work/waits';
import { resumedLately } from '../../destination/runs/waits';

const by = { actor: 'zoo', reason: 'the source is well again' };
const everyMs = 300;
/** A wait that is shorter ends by itself. */
const longMs = 60_000;

/** An operator who ends each long wait of a connection as soon as it shows, next to a sweep, until the returned function is called. */
export function endingWaits(context: OperationContext, connectionId: string): () => Promise<void> {
  let over = false;
  const watching = (async () => {
    for (; !over; await sleep(everyMs)) {
      if (await isBlocked(context, connectionId)) await resumeConnection(context, { connection: connectionId }, by);
      // as the sweep does, which does not run here
      const resumed = await resumedLately(context.db, connectionId);
      if (resumed.length > 0) await goOnAfterResume(await context.client(), resumed);
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
