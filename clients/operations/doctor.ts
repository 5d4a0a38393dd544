import { operation } from './definition/operation';

export const doctor = operation({
  name: 'doctor',
  effect: 'look',
  summary: 'check settings, PostgreSQL, Temporal, workers, schedules, keys, clock and disk',
  details: 'Changes nothing. Each line says what was found and how to fix it. Exit status 1 when something is wrong.',
  examples: ['', '--json'],
  input: {},
  result: (z) =>
    z.object({
      ok: z.boolean(),
      checkups: z.array(
        z.object({
          name: z.string(),
          ok: z.boolean(),
          found: z.string(),
          fix: z.string().nullable().describe('what to do; null where nothing is wrong, or where `found` says it'),
        }),
      ),
    }),
  run: () => import('./doctor/examine.js').then(({ examine }) => examine),
});
