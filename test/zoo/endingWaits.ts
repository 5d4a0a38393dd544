import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationContext } from '../../clients/operations/definition/context';
import { resumeConnection } from '../../clients/operations/work/waits';

const by = { actor: 'zoo', reason: 'the source is well again' };
const everyMs = 300;
/** A wait that is shorter ends by itself. */
const longMs = 60_000;

/** An operator who ends each long wait of a connection as soon as it shows, until the returned function is called. */
export function endingWaits(context: OperationContext, connectionId: string): () => Promise<void> {
  let over = false;
  const watching = (async () => {
    // what was deferred a moment after the last wait was ended goes on once more
    for (let again = false; !over; await sleep(everyMs)) {
      const waits = await blocked(context, connectionId);
      if (waits || again) await resumeConnection(context, { connection: connectionId }, by);
      again = waits;
    }
  })();
  return async () => {
    over = true;
    await watching;
  };
}

async function blocked({ db }: OperationContext, connectionId: string): Promise<boolean> {
  const { rows } = await db.raw(
    `select exists (select from tidemark.budgets where account = :connectionId and blocked_until > clock_timestamp() + :long * interval '1 ms')
       or exists (select from tidemark.runs where connection_id = :connectionId and status = 'running'
         and waiting_until > clock_timestamp() + :long * interval '1 ms') as blocked`,
    { connectionId, long: longMs },
  );
  return rows[0].blocked;
}
