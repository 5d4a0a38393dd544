import type { CursorMoved, CursorShown } from '../../operations/cursor';
import { type AddCommand, addCommand, addGroup, perform } from '../command';
import { actor } from '../terminal/actor';
import { since } from '../terminal/phrases';
import { withSession } from '../terminal/session';
import { moment } from '../terminal/values';

export const addCursor: AddCommand = (program, onEnd) => {
  const group = addGroup(program, {
    usage: 'cursor',
    summary: 'show up to when an entity is synced, or move that by hand',
    examples: ['cursor show demo people', 'cursor reset demo people --reason "the mapping lost a column"'],
  });
  addShow(group, onEnd);
  addReset(group, onEnd);
};

const addShow: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'show <connection> <entity>',
    summary: 'show the cursor of an entity, and who moved it',
    examples: ['cursor show demo people', 'cursor show demo people --json'],
  }).action(
    perform(onEnd, (shell, _options: object, connection: string, entity: string) =>
      withSession(shell, async ({ db, connectors }) => {
        const { showCursor } = await import('../../operations/cursor.js');
        const shown = await showCursor({ db, connectors: await connectors() }, { connection, entity });
        shell.result(shown, () => shownText(shown));
        return undefined;
      }),
    ),
  );
};

interface ResetOptions {
  readonly reason: string;
  readonly to?: Date;
  readonly forward?: boolean;
}

const addReset: AddCommand = (group, onEnd) => {
  addCommand(group, {
    usage: 'reset <connection> <entity>',
    summary: 'have the next delta read everything again, or what changed since a moment',
    details:
      'Nothing is deleted: what is read again and has not changed is not written again. A cursor goes forward only with --forward, ' +
      'since what changed between is then left out until a reconciliation finds it.',
    examples: [
      'cursor reset demo people --reason "the mapping lost a column"',
      'cursor reset demo people --to 2026-03-01T00:00:00Z --reason "the API had lost updates since then"',
      'cursor reset demo people --to 2h --reason "look at the last two hours again"',
    ],
  })
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .option('--to <instant>', 'a moment, or how long ago; without it everything is read again', moment)
    .option('--forward', 'also to a later moment than it stands at')
    .action(
      perform(onEnd, (shell, { reason, to, forward }: ResetOptions, connection: string, entity: string) =>
        withSession(shell, async ({ db, connectors }) => {
          const { moveCursor } = await import('../../operations/cursor.js');
          const moved = await moveCursor(
            { db, connectors: await connectors() },
            { connection, entity, to: to ?? null, forward: forward === true },
            { actor: actor(), reason },
          );
          shell.result(moved, () => movedText(moved));
          return undefined;
        }),
      ),
    );
};

function shownText({ connectionId, entity, cursor, movedByRun, resets }: CursorShown): string {
  const name = `${connectionId}/${entity}`;
  const stands =
    cursor === null
      ? `${name} has no cursor: its next delta reads everything.`
      : `${name} is synced up to ${cursor.toISOString()} (${since(cursor)})${movedByRun === null ? '' : `; moved last by run ${movedByRun}`}.`;
  const moved = resets.map(({ at, actor, reason, details }) => {
    return `  ${at.toISOString()} reset by ${actor} from ${details.before ?? 'none'} to ${details.after ?? 'none'}: ${reason}`;
  });
  return [stands, ...moved].join('\n');
}

function movedText({ connectionId, entity, before, after, runningDelta }: CursorMoved): string {
  const from = before === null ? 'no cursor' : before.toISOString();
  const reads =
    after === null
      ? 'the next delta reads everything'
      : `the next delta reads what changed since ${after.toISOString()}`;
  return [
    `The cursor of ${connectionId}/${entity} was moved from ${from}: ${reads}.`,
    ...(runningDelta === null
      ? []
      : [`Run ${runningDelta} is on and began before: it ends without moving the cursor.`]),
    `Next: tidemark sync ${connectionId} ${entity}`,
  ].join('\n');
}
