import { operation } from './definition/operation';
import { started } from './definition/schemas';
import { recordOf } from './definition/targetFields';

export const record = operation({
  name: 'record',
  effect: 'start',
  summary: 'fetch one record from the source now and write it',
  details:
    'A record that the source no longer has is soft-deleted. While the record is being fetched, it is fetched once more.',
  examples: ['demo people 10000001', 'demo people 10000001 --json'],
  input: recordOf,
  result: (z) => z.object(started(z)),
  run: () => import('./work/records.js').then(({ fetchRecord }) => fetchRecord),
});

export const recordRow = operation({
  name: 'record show',
  effect: 'look',
  summary: 'show the row of one record as it is in the table; the source is not asked',
  examples: ['demo people 10000001', 'demo people 10000001 --json'],
  input: recordOf,
  result: (z) => z.object({ row: z.looseObject({ connection_id: z.string(), external_id: z.string() }) }),
  run: () => import('./work/records.js').then(({ showRow }) => showRow),
});
