import type { Status, StatusFilter } from '../../operations/status';
import { type AddCommand, addCommand, perform } from '../command';
import { type Session, withSession } from '../terminal/session';
import { statusText } from '../text/statusText';

export const addStatus: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'status [connection] [entity]',
    summary: 'show how every entity stands: rows, lag, last and next runs, what needs attention',
    details: 'From PostgreSQL; Temporal is asked where something says that it is running, and with --next.',
    examples: ['status', 'status demo people --next', 'status --json'],
  })
    .option('--next', 'ask Temporal when each runs next')
    .action(
      perform(onEnd, (shell, { next }: { next?: boolean }, connectionId?: string, entity?: string) =>
        withSession(shell, async (session) => {
          const status = await statusOf(session, { connectionId, entity }, next === true);
          shell.result(status, () => statusText(shell.colours, status));
          return undefined;
        }),
      ),
    );
};

/**
 * Temporal's client takes longer to load than all the rest, and people ask for the status while they wait; so it is asked
 * only for what PostgreSQL alone cannot tell.
 */
async function statusOf(session: Session, filter: StatusFilter, next: boolean): Promise<Status> {
  const { db } = session;
  const connectors = await session.connectors();
  if (filter.connectionId !== undefined && filter.entity !== undefined) {
    const { findTarget } = await import('../../operations/targets.js');
    await findTarget(db, connectors, filter.connectionId, filter.entity);
  }
  const { readStatus } = await import('../../operations/status.js');
  const status = await readStatus(db, connectors, undefined, filter);
  const running = status.connections
    .flatMap(({ entities }) => entities)
    .flatMap(({ delta, reconciliation }) => [delta.lastRun, reconciliation.lastRun])
    .some((run) => run?.status === 'running');
  if (!running && !next) return status;
  const { connectTemporalLater } = await import('../../temporal/temporal.js');
  // a status without Temporal is better than none
  const { client, connection } = connectTemporalLater(session.settings);
  try {
    return await readStatus(db, connectors, client, filter);
  } finally {
    await connection.close();
  }
}
