import type { ResultOf } from '../../operations/definition/operation';
import type { plans, plansShow } from '../../operations/plans';
import { plural } from '../terminal/phrases';
import { table } from '../terminal/table';
import { view } from '../view';

export const views = {
  plans: view<typeof plans>({
    text: ({ plans: found }, { colours }) =>
      found.length === 0
        ? 'No plan waits for a decision.'
        : table(
            colours,
            ['plan', 'connection', 'entity', 'would delete', 'live rows', 'share', 'expires', 'reason'],
            found.map(({ id, connectionId, entity, gone, unlisted, liveRows, ratio, expiresAt, reason }) => [
              id,
              connectionId,
              entity,
              gone + unlisted,
              liveRows,
              `${(ratio * 100).toFixed(1)} %`,
              expiresAt.toISOString(),
              reason,
            ]),
          ),
  }),
  'plans show': view<typeof plansShow>({ text: planText }),
};

function planText(plan: ResultOf<typeof plansShow>): string {
  const { id, connectionId, entity, status, gone, unlisted, missing, stale, liveRows, sample, items, reason } = plan;
  return [
    `Plan ${id} of ${connectionId}/${entity}: ${status}${reason === null ? '' : ` (${reason})`}`,
    `  gone there ${gone}, unlisted ${unlisted}, missing here ${missing}, stale ${stale}, of ${plural(liveRows, 'live row')}`,
    ...items.map(({ difference, outcome, count }) => `    ${difference}: ${count} ${outcome}`),
    ...(sample.length === 0 ? [] : [`  such as ${sample.join(', ')}`]),
    ...(status === 'waiting'
      ? [`Next: tidemark approve ${id} --reason "..." applies it, tidemark reject ${id} --reason "..." ends it`]
      : []),
  ].join('\n');
}
