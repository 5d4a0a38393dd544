import type { SetAsideEntry } from '../../../destination/setAside/setAsideEntries';
import type { SetAsideList, StartedRetry } from '../../operations/setAside';
import { type AddCommand, addCommand, addGroup, perform } from '../command';
import { type ExitStatus, exitStatus } from '../failure';
import { actor } from '../terminal/actor';
import { type Followed, follow } from '../terminal/follow';
import { plural, since } from '../terminal/phrases';
import { type Session, withSession } from '../terminal/session';
import type { Shell } from '../terminal/shell';
import { table } from '../terminal/table';
import { numberOf, numbersOf, oneOf, wholeNumber } from '../terminal/values';

const because = oneOf('invalid', 'conflict', 'skipped');

export const addSetAside: AddCommand = (program, onEnd) => {
  const group = addGroup(program, {
    usage: 'set-aside',
    summary: 'records that could not or should not be written: list, show, retry, discard',
    details: 'One that is written later, by whatever run, clears itself.',
    examples: ['set-aside list demo people', 'set-aside retry 12', 'set-aside discard 12 --reason "a test record"'],
  });
  for (const add of [addList, addShow, addRetry, addDiscard]) add(group, onEnd);
};

interface ListOptions {
  readonly because?: NonNullable<SetAsideList['because']>;
  readonly record?: string;
  readonly after?: number;
  readonly limit: number;
}

const addList: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'list [connection] [entity]',
    summary: 'list the records that are set aside, and why',
    examples: ['set-aside list', 'set-aside list demo people --because invalid', 'set-aside list --json'],
  })
    .option('--because <why>', 'only invalid, conflict or skipped ones', because)
    .option('--record <id>', "only this record, by the source's id")
    .option('--after <entry>', 'entries after this one, for the next page', numberOf)
    .option('--limit <n>', 'how many', wholeNumber({ min: 1, max: 1000 }), 100)
    .action(
      perform(onEnd, (shell, options: ListOptions, connection?: string, entity?: string) =>
        withSession(shell, async ({ db, connectors }) => {
          const { findSetAside } = await import('../../operations/setAside.js');
          const { because, record, after, limit } = options;
          const input = { connection, entity, because, record, after, limit };
          const entries = await findSetAside({ db, connectors: await connectors() }, input);
          shell.result({ entries }, () => listText(shell, entries, limit));
          return undefined;
        }),
      ),
    );
};

const addShow: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'show',
    summary: 'show one with its payload, as the source sent it',
    examples: ['set-aside show 12', 'set-aside show 12 --json'],
  })
    .argument('<entry>', 'its number', numberOf)
    .action(
      perform(onEnd, (shell, _options: object, entry: number) =>
        withSession(shell, async ({ db }) => {
          const { getSetAside } = await import('../../../destination/setAside/setAsideEntries.js');
          const found = await getSetAside(db, entry);
          shell.result(found, () => showText(found));
          return undefined;
        }),
      ),
    );
};

interface RetryOptions {
  readonly all?: boolean;
  readonly connection?: string;
  readonly entity?: string;
  readonly because?: NonNullable<SetAsideList['because']>;
  readonly wait: boolean;
}

const addRetry: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'retry',
    summary: 'fetch records from the source again and write them, where that works now',
    details:
      'Exit status 1 when some are still set aside. One whose key could not be read cannot be asked for alone: it ends when a run has ' +
      'read everything and did not meet it again.',
    examples: [
      'set-aside retry 12',
      'set-aside retry 12 13 14',
      'set-aside retry --all --connection demo --entity people',
    ],
  })
    .argument('[entries...]', 'their numbers', numbersOf)
    .option('--all', 'all that are set aside')
    .option('--connection <connection>', 'with --all: only of this connection')
    .option('--entity <entity>', 'with --all: only of this entity')
    .option('--because <why>', 'with --all: only invalid, conflict or skipped ones', because)
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, (shell, options: RetryOptions, entries: readonly number[] = []) =>
        withSession(shell, (session) => retry(shell, session, options, entries)),
      ),
    );
};

async function retry(
  shell: Shell,
  session: Session,
  { all, wait, because, connection, entity }: RetryOptions,
  entries: readonly number[],
): Promise<ExitStatus> {
  const { retrySetAside, stillAside } = await import('../../operations/setAside.js');
  const { db } = session;
  const connectors = await session.connectors();
  const { client } = await session.temporal();
  const retrying = await retrySetAside(
    { db, client, connectors },
    {
      ...(entries.length > 0 ? { entries: [...entries] } : {}),
      ...(all ? { all: { connection, entity, because } } : {}),
    },
  );
  const started = retrying.started.map(({ workflow, ...one }) => ({ ...one, workflowId: workflow.workflowId }));
  const { impossible } = retrying;
  if (!wait) {
    shell.result({ started, impossible }, () =>
      [`${plural(countOf(retrying), 'record')} are being fetched again.`, ...impossibleText(retrying)].join('\n'),
    );
    return exitStatus.done;
  }
  const followed = retrying.started.map(
    (one): Followed<unknown> => ({
      name: `${plural(one.entries.length, 'record')} of ${one.connectionId}/${one.entity}`,
      handle: one.workflow.handle,
    }),
  );
  const ends = followed.length === 0 ? [] : await follow(shell, client, followed);
  for (const end of ends) if ('error' in end) throw end.error;
  const still = await stillAside(db, retrying);
  shell.result({ written: countOf(retrying) - still.length, still, impossible }, () =>
    [
      `${plural(countOf(retrying), 'record')} fetched again: ${countOf(retrying) - still.length} cleared, ${still.length} still set aside.`,
      ...still.map((one) => `  ${one.id} (${one.recordId}): ${one.reason}: ${one.detail}`),
      ...impossibleText(retrying),
    ].join('\n'),
  );
  return still.length + impossible.length === 0 ? exitStatus.done : exitStatus.failed;
}

function countOf({ started }: StartedRetry): number {
  return started.reduce((sum, { entries }) => sum + entries.length, 0);
}

function impossibleText({ impossible }: StartedRetry): string[] {
  return impossible.map(({ entry, why }) => `  ${entry} was not fetched: ${why}`);
}

const addDiscard: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'discard',
    summary: 'give records up: they are no longer listed as set aside',
    details: 'One is set aside again when a later run meets it and still cannot write it.',
    examples: [
      'set-aside discard 12 --reason "a test record of theirs"',
      'set-aside discard 12 13 --reason "duplicates"',
    ],
  })
    .argument('<entries...>', 'their numbers', numbersOf)
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .action(
      perform(onEnd, (shell, { reason }: { reason: string }, entries: readonly number[]) =>
        withSession(shell, async ({ db }) => {
          const { discardEntries } = await import('../../operations/setAside.js');
          const discarded = await discardEntries(db, entries, { actor: actor(), reason });
          shell.result(
            { discarded },
            () =>
              `Discarded: ${discarded.map((one) => `${one.id} (${one.connectionId}/${one.entity} ${one.recordId ?? 'without a key'})`).join(', ')}.`,
          );
          return undefined;
        }),
      ),
    );
};

function listText(shell: Shell, entries: readonly SetAsideEntry[], limit: number): string {
  if (entries.length === 0) return 'Nothing is set aside.';
  const lines = table(
    shell.colours,
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

function showText(entry: SetAsideEntry & { readonly raw: string }): string {
  const { id, connectionId, entity, recordId, reason, detail, runId, times, firstSeenAt, lastSeenAt } = entry;
  const met = `met ${plural(times, 'time')}, first ${firstSeenAt.toISOString()}, last ${lastSeenAt.toISOString()}${runId === null ? '' : ` by run ${runId}`}`;
  const cleared = entry.clearedAt === null ? [] : [`  cleared ${entry.clearedAt.toISOString()}: ${entry.clearedBy}`];
  const name = recordId === null ? 'a record without a readable key' : `record ${recordId}`;
  return [
    `Entry ${id}: ${name} of ${connectionId}/${entity}`,
    `  ${reason}: ${detail}`,
    `  ${met}`,
    ...cleared,
    entry.raw,
  ].join('\n');
}
