import type { ResultOf } from '../../operations/definition/operation';
import { type setAsideDiscard, setAsideList, type setAsideRetry, type setAsideShow } from '../../operations/setAside';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural, since } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { table } from '../terminal/table';
import { type Outcome, type Ui, view } from '../view';
import { failureText } from './parts/runOutcome';

type Entries = ResultOf<typeof setAsideList>['entries'];
type Retry = ResultOf<typeof setAsideRetry>;

export const views = {
  'set-aside list': view<typeof setAsideList>({
    text: ({ entries }, { colours, input: { limit } }) => listText(colours, entries, limit),
  }),
  'set-aside show': view<typeof setAsideShow>({ text: showText }),
  'set-aside retry': view<typeof setAsideRetry>({
    text: (retry) => [`${plural(countOf(retry), 'record')} are being fetched again.`, ...impossible(retry)].join('\n'),
    ended: endedText,
    endedStatus: (outcomes, retry) =>
      retry.impossible.length > 0 || outcomes.some(setsAside) ? exitStatus.failed : statusOfOutcomes(outcomes),
  }),
  'set-aside discard': view<typeof setAsideDiscard>({
    text: ({ discarded }) =>
      `Discarded: ${discarded.map((one) => `${one.id} (${one.connectionId}/${one.entity} ${one.recordId ?? 'without a key'})`).join(', ')}.`,
  }),
};

function countOf({ started }: Retry): number {
  return started.reduce((sum, { entries }) => sum + entries.length, 0);
}

function impossible(retry: Retry): string[] {
  return retry.impossible.map(({ entry, why }) => `  ${entry} was not fetched: ${why}`);
}

/** Whether what was fetched was set aside once more. */
function setsAside({ result }: Outcome): boolean {
  if (result === null) return false;
  if ('fetches' in result && 'outcome' in result) return result.outcome === 'set-aside';
  const { errors = 0, skipped = 0 } = ('counts' in result ? result.counts : {}) as Readonly<Record<string, number>>;
  return errors + skipped > 0;
}

async function endedText(outcomes: readonly Outcome[], ui: Ui, retry: Retry): Promise<string> {
  const failed = outcomes.filter(({ state }) => state !== 'done');
  const still = (await Promise.all(retry.started.map((one) => stillOpen(ui, one)))).flat();
  const count = countOf(retry);
  return [
    `${plural(count, 'record')} fetched again: ${count - still.length} cleared, ${still.length} still set aside.`,
    ...still.map((one) => `  ${one.id} (${one.recordId}): ${one.reason}: ${one.detail}`),
    ...impossible(retry),
    ...failed.map((one) => `${one.workflowId} ${failureText(one)}`),
  ].join('\n');
}

/** Which entries of one workflow are still open, with the reason now. */
async function stillOpen(
  { ask }: Ui,
  { connectionId: connection, entity, entries }: Retry['started'][number],
): Promise<Entries> {
  const most = 1_000;
  const found: Entries[number][] = [];
  for (let after = Math.min(...entries) - 1; after < Math.max(...entries); ) {
    const input = { connection, entity, because: undefined, record: undefined, limit: most };
    const page = (await ask(setAsideList, { ...input, after: after > 0 ? after : undefined })).entries;
    found.push(...page.filter(({ id }) => entries.includes(id)));
    if (page.length < most) break;
    after = page.at(-1)?.id ?? Number.POSITIVE_INFINITY;
  }
  return found;
}

function listText(colours: Colours, entries: Entries, limit: number): string {
  if (entries.length === 0) return 'Nothing is set aside.';
  const lines = table(
    colours,
    ['entry', 'connection', 'entity', 'record', 'because', 'times', 'last seen', 'detail'],
    entries.map((entry) => [
      entry.id,
      entry.connectionId,
      entry.entity,
      entry.recordId,
      entry.reason,
      entry.times,
      since(entry.lastSeenAt),
      entry.detail.length > 100 ? `${entry.detail.slice(0, 99)}…` : entry.detail,
    ]),
  );
  return entries.length < limit ? lines : `${lines}\nNext page: --after ${entries.at(-1)?.id}`;
}

function showText(entry: ResultOf<typeof setAsideShow>): string {
  const { id, connectionId, entity, recordId, reason, detail, runId, times, firstSeenAt, lastSeenAt } = entry;
  const found = `found ${plural(times, 'time')}, first ${firstSeenAt.toISOString()}, last ${lastSeenAt.toISOString()}${runId === null ? '' : ` by run ${runId}`}`;
  const cleared = entry.clearedAt === null ? [] : [`  cleared ${entry.clearedAt.toISOString()}: ${entry.clearedBy}`];
  const name = recordId === null ? 'a record without a readable key' : `record ${recordId}`;
  return [
    `Entry ${id}: ${name} of ${connectionId}/${entity}`,
    `  ${reason}: ${detail}`,
    `  ${found}`,
    ...cleared,
    entry.raw,
  ].join('\n');
}
