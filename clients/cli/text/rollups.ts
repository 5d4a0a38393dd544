import type { rollups, rollupsRebuild, rollupsShow } from '../../operations/rollups';
import { plural, since } from '../terminal/phrases';
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
  'rollups show': view<typeof rollupsShow>({
    text: ({ rollup, pending, figures, more }, { colours }) => {
      const names = [...new Set(figures.flatMap(({ values }) => Object.keys(values)))];
      const rows = figures.map(({ connectionId, day, values }) => [
        ...[day, connectionId],
        ...names.map((name) => String(values[name] ?? '-')),
      ]);
      return [
        figures.length === 0
          ? `${rollup} has no figures of these days.`
          : table(colours, ['day', 'connection', ...names], rows),
        ...(more ? ['There are more: give --from and --to, or a higher --limit.'] : []),
        ...(pending > 0 ? [`${plural(pending, 'day')} will be computed by the next sweep: tidemark rollups`] : []),
      ].join('\n');
    },
  }),
  'rollups rebuild': view<typeof rollupsRebuild>({
    text: ({ rollup, connectionId }) =>
      `Every day of ${rollup} is marked${connectionId === null ? '' : ` for connection ${connectionId}`}: the next sweep begins to compute them, the newest first.\n` +
      'Next: tidemark rollups',
  }),
};
