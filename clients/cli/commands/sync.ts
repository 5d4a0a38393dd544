import type { Target } from '../../../schema/workflows';
import { type AddCommand, addCommand, perform } from '../command';
import { runAll } from '../runAll';
import { type Session, withSession } from '../terminal/session';
import { reportText, statusOf } from '../text/outcomes';

interface Options {
  readonly full?: boolean;
  readonly wait: boolean;
}

export const addSync: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'sync <connection> [entity]',
    summary: 'run a delta now, for one entity or for all of the connection',
    details: 'Beside the schedule. Waits for the end and shows progress, unless told not to.',
    examples: ['sync demo', 'sync demo people --full', 'sync demo people --no-wait --json'],
  })
    .option('--full', 'read everything, as the first time, instead of what changed since the cursor')
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, (shell, { full, wait }: Options, connectionId: string, entity?: string) =>
        withSession(shell, async (session) => {
          const targets = await targetsOf(session, connectionId, entity);
          const { client } = await session.temporal();
          const { startDelta } = await import('../../temporal/start.js');
          const context = { db: session.db, client };
          const runs = await runAll(shell, {
            client,
            targets,
            wait,
            start: (target) => startDelta(context, target, { full, trigger: 'cli' }),
          });
          shell.result({ runs }, () =>
            [...runs.map(reportText), `Next: tidemark ${wait ? 'status' : 'runs'} ${connectionId}`].join('\n'),
          );
          return statusOf(runs);
        }),
      ),
    );
};

async function targetsOf(session: Session, connectionId: string, entity?: string): Promise<Target[]> {
  const { findTarget } = await import('../../operations/targets.js');
  const { connectorOf } = await import('../../../schema/definition/registered.js');
  const connectors = await session.connectors();
  if (entity !== undefined) {
    await findTarget(session.db, connectors, connectionId, entity);
    return [{ connectionId, entity }];
  }
  const { getConnection } = await import('../../../destination/connections/connections.js');
  const connector = connectorOf(connectors, await getConnection(session.db, connectionId));
  return [...connector.entities.keys()].map((name) => ({ connectionId, entity: name }));
}
