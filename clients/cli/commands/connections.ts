import { type AddCommand, addCommand, perform } from '../command';
import { withSession } from '../session';
import { table } from '../table';

export const addConnections: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'connections',
    summary: 'list the connections',
    examples: ['connections', 'connections --json'],
  }).action(
    perform(onEnd, async (shell) => {
      const { listConnections } = await import('../../../destination/connections.js');
      const connections = await withSession(shell, ({ db }) => listConnections(db));
      shell.result({ connections }, () => {
        if (connections.length === 0) return "There is no connection yet: make one with 'tidemark connect --help'.";
        return table(
          shell.colours,
          ['connection', 'connector', 'enabled', 'time zone', 'business hours', 'base URL'],
          connections.map(({ id, connector, enabled, timeZone, businessHours, settings }) => [
            id,
            connector,
            enabled ? 'yes' : 'no',
            timeZone,
            businessHours && `${businessHours.from}-${businessHours.to}`,
            typeof settings.baseUrl === 'string' ? settings.baseUrl : undefined,
          ]),
        );
      });
      return undefined;
    }),
  );
};
