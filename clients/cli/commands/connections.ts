import type { StoredConnection } from '../../../destination/connections/connections';
import { type AddCommand, addCommand, perform } from '../command';
import { withSession } from '../terminal/session';
import type { Shell } from '../terminal/shell';
import { table } from '../terminal/table';
import { addConnectionsChange } from './connections/change';
import { addConnectionsRemove } from './connections/remove';
import { addConnectionsShow } from './connections/show';

export const addConnections: AddCommand = (program, onEnd) => {
  const connections = addCommand(program, {
    usage: 'connections',
    summary: 'list the connections; show, change or remove one',
    examples: ['connections', 'connections --json', 'connections show demo', 'connections disable demo'],
  });
  for (const add of [addConnectionsShow, addConnectionsChange, addConnectionsRemove]) add(connections, onEnd);
  connections.action(
    perform(onEnd, async (shell) => {
      const { listConnections } = await import('../../../destination/connections/connections.js');
      const found = await withSession(shell, ({ db }) => listConnections(db));
      shell.result({ connections: found }, () => listText(shell, found));
      return undefined;
    }),
  );
};

function listText(shell: Shell, connections: readonly StoredConnection[]): string {
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
}
