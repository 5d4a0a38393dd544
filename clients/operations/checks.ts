import { field, nullable, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { started } from './definition/schemas';
import { entityOf } from './definition/targetFields';

export const verify = operation({
  name: 'verify',
  effect: 'start',
  summary: 'compare rows with the source, field by field, without writing anything',
  details:
    'Fetches a random sample of live rows by id and reports the statistical confidence. --all lists the whole source and also finds ' +
    'what the table lacks. Differences are checked a second time after the read lag; changes after the cursor are listed separately. ' +
    'Exit status 1 when something differs.',
  examples: ['demo people', 'demo people --sample 3000', 'demo people --all --json'],
  input: {
    ...entityOf,
    sample: withDefault(
      nullable(field.integer('how many rows, taken at random', { min: 1, max: 100_000 }), {
        name: 'all',
        describe: 'everything that the source lists, and every row',
      }),
      300,
    ),
  },
  result: (z) => z.object(started(z)),
  run: () => import('./work/runs/checks.js').then(({ startVerify }) => startVerify),
});

export const probe = operation({
  name: 'probe',
  effect: 'start',
  summary: 'ask the live API how it behaves, and compare that with the definition',
  details:
    'Checks filter, order, page cap, timestamps, ids, missing and deleted records, rate-limit headers, errors behind 200, and whether ' +
    'list and one agree. Each finding shows the request that proves it and the line of the definition that follows. A worker sends at ' +
    'most 40 requests; nothing is written. Exit status 1 when the definition contradicts what was seen.',
  examples: ['demo people', 'demo people --json'],
  input: entityOf,
  result: (z) => z.object(started(z)),
  run: () => import('./work/runs/checks.js').then(({ startProbe }) => startProbe),
});
