import type { Command } from 'commander';
import type { EventState, StoredEvent } from '../../../destination/inbox/inboxEvents';
import type { Replayed } from '../../operations/webhooks/events';
import { type AddCommand, addCommand, addGroup, perform } from '../command';
import { actor } from '../terminal/actor';
import { plural, since } from '../terminal/phrases';
import { withSession } from '../terminal/session';
import type { Shell } from '../terminal/shell';
import { table } from '../terminal/table';
import { moment, numberOf, numbersOf, oneOf, wholeNumber } from '../terminal/values';

export const addWebhooks: AddCommand = (program, onEnd) => {
  const group = addGroup(program, {
    usage: 'webhooks',
    summary: 'stored webhook events: list them, process them once more',
    examples: [
      'webhooks list demo --state parked',
      'webhooks replay demo --state parked --reason "the source is well again"',
    ],
  });
  addList(group, onEnd);
  addReplay(group, onEnd);
};

interface Choice {
  readonly record?: string;
  readonly state?: EventState;
  readonly since?: Date;
  readonly until?: Date;
}

/** The options by which both choose. */
function withChoice(command: Command): Command {
  return command
    .option('--record <id>', "only about this record, by the source's id")
    .option('--state <state>', 'only open, done, parked or ignored ones', oneOf('open', 'done', 'parked', 'ignored'))
    .option('--since <instant>', 'received at this moment or later; or how long ago', moment)
    .option('--until <instant>', 'received before this moment', moment);
}

interface ListOptions extends Choice {
  readonly limit: number;
  readonly before?: number;
  readonly bodies?: boolean;
}

const addList: AddCommand = (group, onEnd) => {
  const list = addCommand(group, {
    usage: 'list [connection] [entity]',
    summary: 'list stored events, latest first',
    details: 'Bodies hold personal data and are shown with --bodies only.',
    examples: [
      'webhooks list demo',
      'webhooks list demo people --since 2h',
      'webhooks list demo --record 10000001 --bodies',
    ],
  });
  withChoice(list)
    .option('--limit <n>', 'how many', wholeNumber({ min: 1, max: 1000 }), 50)
    .option('--before <event>', 'events before this one, for the next page', numberOf)
    .option('--bodies', 'with what was received')
    .action(
      perform(onEnd, (shell, options: ListOptions, connection?: string, entity?: string) =>
        withSession(shell, async ({ db, connectors }) => {
          const { findEvents } = await import('../../operations/webhooks/events.js');
          const { record, state, since, until, limit, before } = options;
          const input = {
            connection,
            entity,
            record,
            state,
            since,
            until,
            limit,
            before,
            bodies: options.bodies === true,
          };
          const events = await findEvents({ db, connectors: await connectors() }, input);
          shell.result({ events }, () => listText(shell, events, limit));
          return undefined;
        }),
      ),
    );
};

const addReplay: AddCommand = (group, onEnd) => {
  const replay = addCommand(group, {
    usage: 'replay <connection>',
    summary: 'process stored events once more: their records are fetched from the source again',
    details:
      'Name events by their numbers, or choose them by record, state or time. Those that the connector could not read, or whose type it did not know, are read anew by the connector as it is now.',
    examples: [
      'webhooks replay demo 41 42 --reason "the row looks old"',
      'webhooks replay demo --state parked --reason "the source is well again"',
      'webhooks replay demo --entity people --since 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z --reason "a bad deploy"',
    ],
  }).argument('[events...]', 'their numbers', numbersOf);
  withChoice(replay)
    .option('--entity <entity>', 'only of this entity')
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .action(
      perform(
        onEnd,
        (
          shell,
          options: Choice & { readonly entity?: string; readonly reason: string },
          connection: string,
          events: readonly number[] = [],
        ) =>
          withSession(shell, async (session) => {
            const { replayEvents } = await import('../../operations/webhooks/events.js');
            const connectors = await session.connectors();
            const { client } = await session.temporalLater();
            const { entity, record, state, since, until, reason } = options;
            const replayed = await replayEvents(
              { db: session.db, client, connectors },
              {
                connection,
                entity,
                record,
                state,
                since,
                until,
                ...(events.length > 0 ? { events: [...events] } : {}),
              },
              { actor: actor(), reason },
            );
            shell.result(replayed, () => replayedText(connection, replayed));
            return undefined;
          }),
      ),
    );
};

function listText(shell: Shell, events: readonly StoredEvent[], limit: number): string {
  if (events.length === 0) return 'There are no such events.';
  const lines = table(
    shell.colours,
    ['event', 'received', 'connection', 'type', 'entity', 'record', 'state', 'outcome'],
    events.map((event) => [
      event.id,
      since(event.receivedAt),
      event.connectionId,
      event.type,
      event.entity,
      event.recordId,
      event.state,
      event.detail === null ? event.outcome : `${event.outcome}: ${event.detail}`,
    ]),
  );
  const bodies = events.flatMap(({ id, body }) => (body === undefined ? [] : [`\n${id}: ${body}`]));
  const next = events.length < limit ? [] : [`Next page: --before ${events.at(-1)?.id}`];
  return [lines, ...bodies, ...next].join('\n');
}

function replayedText(connection: string, { reopened, withoutRecord, delayedBecause }: Replayed): string {
  const lines = reopened.map(({ connectionId, entity, events, records, enabled }) => {
    const off = enabled ? '' : `; ${connectionId} is disabled: they are processed when it is enabled again`;
    return `${connectionId}/${entity}: ${plural(events, 'event')} opened again, ${plural(records, 'record')} to fetch${off}.`;
  });
  if (reopened.length === 0)
    lines.push('None of the chosen events was opened again: they are open already, or there are none.');
  if (withoutRecord > 0) lines.push(`${plural(withoutRecord, 'event')} named no record that could be fetched.`);
  if (delayedBecause !== null) lines.push(`${delayedBecause} They are processed when Temporal is back.`);
  return [...lines, `Next: tidemark webhooks list ${connection} --state open`].join('\n');
}
