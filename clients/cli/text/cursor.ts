import type { cursorReset, cursorShow } from '../../operations/cursor';
import type { ResultOf } from '../../operations/definition/operation';
import { since } from '../terminal/phrases';
import { view } from '../view';

export const views = {
  'cursor show': view<typeof cursorShow>({ text: shownText }),
  'cursor reset': view<typeof cursorReset>({ text: movedText }),
};

function shownText({
  connectionId,
  entity,
  cursor,
  movedByRun,
  partitions,
  related,
  resets,
}: ResultOf<typeof cursorShow>): string {
  const name = `${connectionId}/${entity}`;
  const shown =
    cursor === null
      ? `${name} has no cursor: its next delta reads everything.`
      : `${name} is synced up to ${cursor.toISOString()} (${since(cursor)})${movedByRun === null ? '' : `; last moved by run ${movedByRun}`}.`;
  const moved = resets.map(({ at, actor, reason, before, after }) => {
    return `  ${at.toISOString()} reset by ${actor} from ${before ?? 'none'} to ${after ?? 'none'}: ${reason}`;
  });
  const each =
    partitions.length === 1 && partitions[0]?.token === null && partitions[0].partition === ''
      ? []
      : partitions.map(({ partition, at, token, leftAt, deletionsUnknownSince }) =>
          [
            `  ${partition === '' ? 'all' : partition}: ${at.toISOString()}`,
            ...(token === null ? [] : [`token ${token}`]),
            ...(leftAt === null ? [] : [`not listed since ${leftAt.toISOString()}`]),
            ...(deletionsUnknownSince === null
              ? []
              : [`deletions since ${deletionsUnknownSince.toISOString()} are unknown`]),
          ].join(', '),
        );
  const ofRelated = related.map(
    ({ kind, at, token }) => `  related ${kind}: ${at.toISOString()}${token === null ? '' : `, token ${token}`}`,
  );
  return [shown, ...each, ...ofRelated, ...moved].join('\n');
}

function movedText({
  connectionId,
  entity,
  before,
  after,
  skipped,
  runningDelta,
}: ResultOf<typeof cursorReset>): string {
  const from = before === null ? 'no cursor' : before.toISOString();
  const reads =
    after === null
      ? 'the next delta reads everything'
      : `the next delta reads what changed since ${after.toISOString()}`;
  return [
    `The cursor of ${connectionId}/${entity} was moved from ${from}: ${reads}.`,
    ...(skipped === null
      ? []
      : [
          `Skipped: what changed ${skipped.from === null ? 'before' : `from ${skipped.from.toISOString()} to`} ${skipped.to.toISOString()}. The next reconciliation finds it: tidemark reconcile ${connectionId} ${entity}`,
        ]),
    ...(runningDelta === null
      ? []
      : [`Run ${runningDelta} began before and is still running: it ends without moving the cursor.`]),
    `Next: tidemark sync ${connectionId} ${entity}`,
  ].join('\n');
}
