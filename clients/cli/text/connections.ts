import type { connectionsChange } from '../../operations/connect';
import type {
  connections,
  connectionsCheck,
  connectionsDisable,
  connectionsEnable,
  connectionsLink,
  connectionsRemove,
  connectionsReseal,
  connectionsRotateSecret,
  connectionsShow,
} from '../../operations/connections';
import type { ResultOf } from '../../operations/definition/operation';
import { exitStatus } from '../failure';
import { plural } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { table } from '../terminal/table';
import { view } from '../view';
import { checkedText } from './parts/checkedText';
import { connectionText } from './parts/connectionText';
import { savedText } from './parts/savedText';

export const views = {
  connections: view<typeof connections>({ text: (result, { colours }) => listText(colours, result.connections) }),
  'connections show': view<typeof connectionsShow>({ text: connectionText }),
  'connections check': view<typeof connectionsCheck>({
    text: (result, { colours }) => checkedText(colours, result),
    status: ({ ok }) => (ok ? exitStatus.done : exitStatus.failed),
  }),
  'connections change': view<typeof connectionsChange>({ text: savedText }),
  'connections enable': view<typeof connectionsEnable>({
    text: (result) =>
      switchedText(result, (id) => `Connection ${id} is enabled: its schedules fire again.\nNext: tidemark sync ${id}`),
  }),
  'connections disable': view<typeof connectionsDisable>({
    text: (result) =>
      switchedText(
        result,
        (id) =>
          `Connection ${id} is disabled: no further run starts.\nNext: tidemark connections enable ${id} undoes it`,
      ),
  }),
  'connections rotate-secret': view<typeof connectionsRotateSecret>({ text: rotatedText }),
  'connections link': view<typeof connectionsLink>({
    text: ({ connectionId, url, redirectUri, expiresAt }) =>
      [
        `Open this page, or send it to the person who may sign in for ${connectionId}. It works once, until ${expiresAt.toISOString()}:`,
        url,
        `The source must know ${redirectUri} as the address to come back to.`,
      ].join('\n'),
  }),
  'connections reseal': view<typeof connectionsReseal>({
    text: ({ resealed, keyId }) =>
      `The secrets of ${plural(resealed, 'connection')} were encrypted again; all are under key ${keyId} now.`,
  }),
  'connections remove': view<typeof connectionsRemove>({ text: removedText }),
};

function listText(colours: Colours, found: ResultOf<typeof connections>['connections']): string {
  if (found.length === 0) return "There is no connection yet: make one with 'tidemark connect --help'.";
  return table(
    colours,
    ['connection', 'connector', 'enabled', 'time zone', 'business hours', 'base URL'],
    found.map(({ id, connector, enabled, needsCredentialsSince, timeZone, businessHours, settings }) => [
      id,
      connector,
      enabled ? (needsCredentialsSince === null ? 'yes' : 'needs credentials') : 'no',
      timeZone,
      businessHours && `${businessHours.from}-${businessHours.to}`,
      typeof settings.baseUrl === 'string' ? settings.baseUrl : undefined,
    ]),
  );
}

function switchedText(
  { connection, delayedBecause }: ResultOf<typeof connectionsEnable>,
  text: (id: string) => string,
): string {
  const done = text(connection.id);
  return delayedBecause === null ? done : `${done}\n${delayedBecause} Its schedules follow when a server starts.`;
}

function rotatedText({ connectionId, secret, formerKept }: ResultOf<typeof connectionsRotateSecret>): string {
  const done = `Secret ${secret} of ${connectionId} was replaced; workers and servers use it within seconds.`;
  if (!formerKept) return done;
  return `${done} Webhooks signed with the former one are still accepted.\nNext, when the source signs with the new one: tidemark connections rotate-secret ${connectionId} ${secret} --drop-former`;
}

function removedText({ connectionId, rows, tables, delayedBecause }: ResultOf<typeof connectionsRemove>): string {
  const what =
    tables.map(({ table: name, rows: count }) => `${plural(count, 'row')} in ${name}`).join(', ') || 'no rows';
  const became =
    rows === 'deleted'
      ? `Its rows were deleted: ${what}.`
      : `Its rows stay as they are and are no longer updated: ${what}.`;
  const schedules =
    delayedBecause === null
      ? []
      : [`${delayedBecause} Its schedules are removed when a server starts, or by 'tidemark schedules repair'.`];
  return [`Connection ${connectionId} was removed, with its secrets and schedules. ${became}`, ...schedules].join('\n');
}
