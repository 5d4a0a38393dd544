import type { rollups, rollupsRebuild } from '../../operations/rollups';
import { since } from '../terminal/phrases';
import { table } from '../terminal/table';
import { view } from '../view';

export const views = {
  rollups: view<typeof rollups>({
    text: ({ rollups: all }, { colours }) =>
      all.length === 0
        ? 'No connector of a connection declares a roll-up.'
        : table(
            colours,
            ['roll-up', 'connector', 'days pending', 'since', 'last computed', 'error'],
            all.map(({ rollup, connector, pending, pendingSince, computedAt, error }) => [
              ...[rollup, connector, pending, pendingSince === null ? '-' : since(pendingSince)],
              ...[computedAt === null ? 'never' : since(computedAt), error ?? ''],
            ]),
          ),
  }),
  'rollups rebuild': view<typeof rollupsRebuild>({
    text: ({ rollup, connectionId }) =>
      `Every day of ${rollup} is marked${connectionId === null ? '' : ` for connection ${connectionId}`}: the next sweep begins to compute them, the newest first.\n` +
      'Next: tidemark rollups',
  }),
};
