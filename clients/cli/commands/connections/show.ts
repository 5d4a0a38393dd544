import type { ConnectionShown } from '../../../operations/connections/showConnection';
import { type AddCommand, addCommand, perform } from '../../command';
import { withSession } from '../../terminal/session';

export const addConnectionsShow: AddCommand = (connections, onEnd) => {
  addCommand(connections, {
    usage: 'show <connection>',
    summary: 'show one connection: settings, schedules, which secrets are kept, rows',
    examples: ['connections show demo', 'connections show demo --json'],
  }).action(
    perform(onEnd, (shell, _options: object, id: string) =>
      withSession(shell, async ({ db, connectors, settings }) => {
        const { showConnection } = await import('../../../operations/connections/showConnection.js');
        const { keyRing } = await import('../../../../destination/connections/secrets.js');
        // without a key, what is kept under it can still be told of
        const ring = settings.encryptionKey === undefined ? undefined : keyRing(settings.encryptionKey);
        const shown = await showConnection({ db, connectors: await connectors() }, id, ring);
        shell.result(shown, () => shownText(shown));
        return undefined;
      }),
    ),
  );
};

function shownText(shown: ConnectionShown): string {
  const { id, connector, enabled, registered, settings, timeZone, businessHours, schedules, webhookPath } = shown;
  const lines: readonly (readonly [string, string])[] = [
    ['connector', `${connector}${registered ? '' : ' (not registered in tidemark.config.ts: nothing runs)'}`],
    ['enabled', enabled ? 'yes' : 'no'],
    ...Object.entries(settings).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
    ['time zone', timeZone],
    ['business hours', businessHours ? `${businessHours.from}-${businessHours.to}` : 'none'],
    ['schedules', Object.keys(schedules).length === 0 ? 'as the connector has them' : JSON.stringify(schedules)],
    ['secrets', secretsText(shown)],
    ['webhooks', webhookPath ?? 'none'],
    ...shown.entities.map(
      ({ entity, table, rows, cursor }) =>
        [
          entity,
          `table ${table}, ${rows === null ? 'not made yet' : `${rows} rows`}, ${cursor === null ? 'never synced' : `synced up to ${cursor.toISOString()}`}`,
        ] as const,
    ),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [`Connection ${id}`, ...lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}

function secretsText({ secrets, sealed }: ConnectionShown): string {
  if (sealed === null) return 'none';
  const names = secrets === null ? 'kept' : secrets.join(', ');
  return `${names}; encrypted under key ${sealed.keyId}, ${sealed.updatedAt.toISOString()}`;
}
