import { argument, field, optional } from './definition/fields';
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
