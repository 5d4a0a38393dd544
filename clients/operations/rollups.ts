import { argument, field, optional, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { instant } from './definition/schemas';

export const rollups = operation({
  name: 'rollups',
  effect: 'look',
  summary: 'list the roll-ups, the days that are to be computed, and what could not be',
  examples: ['', '--json'],
  input: {},
  result: (z) =>
    z.object({
      rollups: z.array(
        z.object({
          rollup: z.string().describe('the name of its table in schema public'),
          connector: z.string(),
          name: z.string(),
          pending: z.int().describe('days that the next sweep computes; where every day is, one for each connection'),
          pendingSince: instant(z).nullable(),
          computedAt: instant(z).nullable().describe('null: never yet'),
          error: z
            .string()
            .nullable()
            .describe('what PostgreSQL refused, and of which day; the other days are computed'),
        }),
      ),
    }),
  run: () => import('./work/rollups.js').then(({ showRollups }) => showRollups),
});

const date = {
  value: 'date',
  longest: 10,
  only: { pattern: /^\d{4}-\d\d-\d\d$/, error: 'must be a date, such as 2026-11-21' },
};

export const rollupsShow = operation({
  name: 'rollups show',
  effect: 'look',
  summary: 'show the figures of a roll-up, the newest days first',
  details: 'Days are those of the zone of the roll-up. Days that are pending show what they were before.',
  path: '/rollups/{rollup}',
  examples: ['shop_daily_sales', 'shop_daily_sales --connection north --from 2026-11-01 --to 2026-11-30 --json'],
  input: {
    rollup: argument(field.name('the name of its table')),
    connection: optional(field.name('only of this connection')),
    from: optional(field.text('the first day', date)),
    to: optional(field.text('the last day', date)),
    limit: withDefault(field.integer('rows at most', { min: 1, max: 1_000 }), 31),
  },
  result: (z) =>
    z.object({
      rollup: z.string(),
      pending: z.int().describe('days that the next sweep computes'),
      computedAt: instant(z).nullable().describe('null: never yet'),
      figures: z.array(
        z.object({
          connectionId: z.string(),
          day: z.string().describe('such as 2026-11-21'),
          values: z
            .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
            .describe('by column; numbers that JavaScript would round are text of their digits, as every numeric'),
        }),
      ),
      more: z.boolean().describe('there are more rows than `limit`'),
    }),
  run: () => import('./work/rollups.js').then(({ showFigures }) => showFigures),
});

export const rollupsRebuild = operation({
  name: 'rollups rebuild',
  effect: 'change',
  summary: 'have every day of a roll-up computed again',
  details:
    'It is never needed while triggers fire: after a restore with session_replication_role = replica, they did not. ' +
    'Nothing is emptied: each day keeps its figures until it is computed.',
  examples: [
    'shop_daily_sales --reason "rows were restored without triggers"',
    'shop_daily_sales --connection north --reason "rows were restored without triggers"',
  ],
  input: {
    rollup: argument(field.name('the name of its table')),
    connection: optional(field.name('only of this connection')),
  },
  result: (z) =>
    z.object({
      rollup: z.string(),
      connectionId: z.string().nullable().describe('null: all connections'),
    }),
  run: () => import('./work/rollups.js').then(({ rebuild }) => rebuild),
});
