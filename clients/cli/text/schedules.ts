import ms from 'ms';
import type { ResultOf } from '../../operations/definition/operation';
import type { schedulesList, schedulesPause, schedulesRepair, schedulesResume } from '../../operations/schedules';
import { exitStatus } from '../failure';
import { plural } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { table } from '../terminal/table';
import { view } from '../view';

export const views = {
  'schedules list': view<typeof schedulesList>({
    text: ({ schedules }, { colours }) => listText(colours, schedules),
    status: ({ schedules }) =>
      schedules.every(({ agreement }) => agreement === 'agrees') ? exitStatus.done : exitStatus.failed,
  }),
  'schedules pause': view<typeof schedulesPause>({ text: changedText }),
  'schedules resume': view<typeof schedulesResume>({ text: changedText }),
  'schedules repair': view<typeof schedulesRepair>({ text: repairedText }),
};

function listText(colours: Colours, schedules: ResultOf<typeof schedulesList>['schedules']): string {
  const lines = table(
    colours,
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

function changedText({ schedules, delayedBecause }: ResultOf<typeof schedulesPause>): string {
  const lines = schedules.map(
    ({ connectionId, entity, strategy, pausedBecause }) =>
      `${connectionId}/${entity} ${strategy}: ${pausedBecause === null ? 'fires again' : `paused ${pausedBecause}`}`,
  );
  if (delayedBecause !== null)
    lines.push(
      `${delayedBecause} The change is stored, and Temporal follows when a server starts or after 'tidemark schedules repair'.`,
    );
  return lines.join('\n');
}

function repairedText({ unchanged, ...changes }: ResultOf<typeof schedulesRepair>): string {
  const parts = Object.entries(changes).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
  return `${plural(unchanged, 'schedule')} agreed${parts.length === 0 ? '; nothing was changed.' : `, ${parts.join(', ')}.`}`;
}
