import { type AddCommand, addCommand, perform } from '../command';
import { withSession } from '../session';
import { statusText } from '../statusText';

export const addStatus: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'status [connection] [entity]',
    summary: 'show how every entity stands: rows, lag, last and next runs, what needs attention',
    examples: ['status', 'status demo people', 'status --json'],
  }).action(
    perform(onEnd, (shell, _options: object, connectionId?: string, entity?: string) =>
      withSession(shell, async (session) => {
        const [{ readStatus }, { connectTemporalLater }] = await Promise.all([
          import('../../status.js'),
          import('../../temporal.js'),
        ]);
        const connectors = await session.connectors();
        if (connectionId !== undefined && entity !== undefined) {
          const { findTarget } = await import('../../targets.js');
          await findTarget(session.db, connectors, connectionId, entity);
        }
        // a status without Temporal is better than none
        const { client, connection } = connectTemporalLater(session.settings);
        try {
          const status = await readStatus(session.db, connectors, client, { connectionId, entity });
          shell.result(status, () => statusText(shell.colours, status));
          return undefined;
        } finally {
          await connection.close();
        }
      }),
    ),
  );
};
