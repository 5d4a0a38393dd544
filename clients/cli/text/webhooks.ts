import type { ResultOf } from '../../operations/definition/operation';
import type { webhooksList, webhooksReplay } from '../../operations/webhooks';
import { plural, since } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { table } from '../terminal/table';
import { view } from '../view';

export const views = {
  'webhooks list': view<typeof webhooksList>({
    text: ({ events }, { colours, input: { limit } }) => listText(colours, events, limit),
  }),
  'webhooks replay': view<typeof webhooksReplay>({
    text: (replayed, { input: { connection } }) => replayedText(connection, replayed),
  }),
};

function listText(colours: Colours, events: ResultOf<typeof webhooksList>['events'], limit: number): string {
  if (events.length === 0) return 'There are no such events.';
  const lines = table(
    colours,
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

function replayedText(
  connection: string,
  { reopened, withoutRecord, delayedBecause }: ResultOf<typeof webhooksReplay>,
): string {
  const lines = reopened.map(({ connectionId, entity, events, records, enabled }) => {
    const off = enabled ? '' : `; ${connectionId} is disabled: they are processed when it is enabled again`;
    return `${connectionId}/${entity}: ${plural(events, 'event')} opened again, ${plural(records, 'record')} to fetch${off}.`;
  });
  if (reopened.length === 0) {
    lines.push('None of the chosen events was opened again: they are open already, or there are none.');
  }
  if (withoutRecord > 0) lines.push(`${plural(withoutRecord, 'event')} named no record that could be fetched.`);
  if (delayedBecause !== null) lines.push(`${delayedBecause} They are processed when Temporal is available again.`);
  return [...lines, `Next: tidemark webhooks list ${connection} --state open`].join('\n');
}
