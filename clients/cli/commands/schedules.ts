import ms from 'ms';
import type { Strategy } from '../../../schema/workflows';
import type { ScheduleShown, SchedulesChanged } from '../../operations/schedules';
import { type AddCommand, addCommand, addGroup, perform } from '../command';
import { exitStatus } from '../failure';
import { actor } from '../terminal/actor';
import { plural } from '../terminal/phrases';
import { type Session, withSession } from '../terminal/session';
import type { Shell } from '../terminal/shell';
import { table } from '../terminal/table';
import { oneOf } from '../terminal/values';

export const addSchedules: AddCommand = (program, onEnd) => {
  const group = addGroup(program, {
    usage: 'schedules',
    summary: 'list, pause, resume and repair schedules',
    details: "How often they fire is the connection's: 'tidemark connect --update --delta 5m'.",
    examples: [
      'schedules list',
      'schedules pause demo people --reason "they migrate this weekend"',
      'schedules repair',
    ],
  });
  addList(group, onEnd);
  addPause(group, onEnd);
  addResume(group, onEnd);
  addRepair(group, onEnd);
};

async function contextOf(session: Session) {
  const connectors = await session.connectors();
  const { client } = await session.temporalLater();
  return { db: session.db, connectors, client };
}

const addList: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'list [connection] [entity]',
    summary: 'list schedules: when each fires next, and whether Temporal has it as the database wants it',
    details: 'Exit status 1 when they disagree.',
    examples: ['schedules list', 'schedules list demo', 'schedules list --json'],
  }).action(
    perform(onEnd, (shell, _options: object, connection?: string, entity?: string) =>
      withSession(shell, async (session) => {
        const { showSchedules } = await import('../../operations/schedules.js');
        const schedules = await showSchedules(await contextOf(session), { connection, entity });
        shell.result({ schedules }, () => listText(shell, schedules));
        return schedules.every(({ agreement }) => agreement === 'agrees') ? exitStatus.done : exitStatus.failed;
      }),
    ),
  );
};

interface ChangeOptions {
  readonly strategy?: Strategy;
  readonly reason: string;
}

const strategy = oneOf('delta', 'reconciliation');

const addPause: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'pause <connection> [entity]',
    summary: 'let schedules of a connection fire no more until they are resumed',
    details: 'Runs that are on go on; sync and reconcile still start runs; webhooks are still processed.',
    examples: [
      'schedules pause demo --reason "they migrate"',
      'schedules pause demo people --strategy delta --reason "too costly by day"',
    ],
  })
    .option('--strategy <strategy>', 'only delta, or only reconciliation', strategy)
    .requiredOption('--reason <text>', 'why; status shows it, and the audit keeps it')
    .action(
      perform(onEnd, (shell, options: ChangeOptions, connection: string, entity?: string) =>
        change(shell, { connection, entity, strategy: options.strategy }, true, options.reason),
      ),
    );
};

const addResume: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'resume <connection> [entity]',
    summary: 'let paused schedules of a connection fire again',
    examples: ['schedules resume demo', 'schedules resume demo people --strategy delta'],
  })
    .option('--strategy <strategy>', 'only delta, or only reconciliation', strategy)
    .option('--reason <text>', 'why; kept in the audit', 'the pause is over')
    .action(
      perform(onEnd, (shell, options: ChangeOptions, connection: string, entity?: string) =>
        change(shell, { connection, entity, strategy: options.strategy }, false, options.reason),
      ),
    );
};

function change(
  shell: Shell,
  which: { connection: string; entity: string | undefined; strategy: Strategy | undefined },
  paused: boolean,
  reason: string,
): Promise<undefined> {
  return withSession(shell, async (session) => {
    const { changeSchedules } = await import('../../operations/schedules.js');
    const changed = await changeSchedules(await contextOf(session), which, paused, { actor: actor(), reason });
    shell.result(changed, () => changedText(changed));
    return undefined;
  });
}

const addRepair: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'repair',
    summary: "make Temporal's schedules agree with the database",
    details:
      'Makes missing ones, changes back what was changed by hand in Temporal, removes orphans. A server does the same when it starts.',
    examples: ['schedules repair', 'schedules repair --json'],
  }).action(
    perform(onEnd, (shell) =>
      withSession(shell, async (session) => {
        const { agreeWithDatabase } = await import('../../schedules/agreeWithDatabase.js');
        const { db, client, connectors } = await contextOf(session);
        const agreed = await agreeWithDatabase(db, client, connectors);
        shell.result(agreed, () => {
          const { unchanged, ...changes } = agreed;
          const parts = Object.entries(changes).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
          return `${plural(unchanged, 'schedule')} agreed${parts.length === 0 ? '; nothing was to be done.' : `, ${parts.join(', ')}.`}`;
        });
        return undefined;
      }),
    ),
  );
};

function listText(shell: Shell, schedules: readonly ScheduleShown[]): string {
  const lines = table(
    shell.colours,
    ['connection', 'entity', 'strategy', 'next', 'paused because', 'in Temporal'],
    schedules.map((one) => [
      one.connectionId ?? (one.strategy === null ? one.id : undefined),
      one.entity,
      one.strategy,
      one.next === null ? undefined : `in ${ms(Math.max(0, one.next.getTime() - Date.now()))}`,
      one.pausedBecause,
      one.agreement,
    ]),
  );
  const wrong = schedules.filter(({ agreement }) => agreement !== 'agrees').length;
  return wrong === 0
    ? lines
    : `${lines}\n${plural(wrong, 'schedule')} not as the database wants it. Next: tidemark schedules repair`;
}

function changedText({ schedules, delayedBecause }: SchedulesChanged): string {
  const lines = schedules.map(
    ({ connectionId, entity, strategy, pausedBecause }) =>
      `${connectionId}/${entity} ${strategy}: ${pausedBecause === null ? 'fires again' : `paused ${pausedBecause}`}`,
  );
  if (delayedBecause !== null)
    lines.push(
      `${delayedBecause} It is noted, and holds as soon as a server starts or with 'tidemark schedules repair'.`,
    );
  return lines.join('\n');
}
