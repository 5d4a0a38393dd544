import { operation } from './definition/operation';
import { instant, started, target } from './definition/schemas';
import { recordOf, waitForSource } from './definition/targetFields';

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

export const recordRaw = operation({
  name: 'record raw',
  effect: 'look',
  summary: 'show one record as the source has it now; nothing is written',
  details: 'A worker asks the source. The record is not part of any workflow history.',
  examples: ['demo people 10000001', 'demo people 10000001 --json'],
  input: { ...recordOf, wait: waitForSource },
  result: (z) =>
    z.object({
      ...target(z),
      id: z.string(),
      askedAt: instant(z).nullable().describe("when the request was sent, in PostgreSQL's time; null: no answer came"),
      says: z
        .enum(['live', 'gone', 'set-aside', 'unclear', 'no-answer'])
        .describe('`set-aside`: it cannot be written; `no-answer`: the request failed'),
      detail: z.string().describe('the evidence, or the reason'),
      record: z.unknown().describe('as the source sent it; null: it sent none'),
    }),
  run: () => import('./work/rawRecord.js').then(({ showRaw }) => showRaw),
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
