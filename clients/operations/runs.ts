import { counts } from './definition/counts';
import { argument, field, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { instant, planItems, run } from './definition/schemas';
import { filter } from './definition/targetFields';

const runNumber = argument(field.number('the number of a run'));

export const runs = operation({
  name: 'runs',
  effect: 'look',
  summary: 'list runs, newest first',
  examples: ['', 'demo people --limit 5', 'demo --json'],
  input: { ...filter, limit: withDefault(field.integer('how many', { min: 1, max: 1_000 }), 20) },
  result: (z) => z.object({ runs: z.array(run(z)) }),
  run: () => import('./work/runs/showRuns.js').then(({ showRuns }) => showRuns),
});

export const runsShow = operation({
  name: 'runs show',
  effect: 'look',
  path: '/runs/{run}',
  summary: 'show one run: counts, pages, durations, errors, its plan and what it deleted',
  examples: ['17', '17 --deleted 1000', '17 --json'],
  input: {
    run: runNumber,
    deleted: withDefault(field.integer('how many ids of deleted rows', { min: 0, max: 100_000 }), 20),
  },
  result: (z) =>
    run(z).extend({
      tookMs: z.number().describe('until now for a run that is running'),
      parts: z.array(
        z.object({
          step: z.string().describe('`pull`, `scan` …'),
          partition: z.string(),
          pages: z.int(),
          records: z.int(),
          requests: z.int(),
          counts: counts(z).partial(),
          done: z.boolean(),
          failingSince: instant(z).nullable(),
          failingWith: z.string().nullable(),
        }),
      ),
      plan: z
        .object({
          id: z.string(),
          status: z.string(),
          liveRows: z.int(),
          missing: z.int(),
          stale: z.int(),
          gone: z.int(),
          unlisted: z.int(),
          deleted: z.int(),
          reason: z.string().nullable(),
          expiresAt: instant(z),
          decidedBy: z.string().nullable(),
          decisionReason: z.string().nullable(),
          items: planItems(z),
        })
        .nullable()
        .describe('of a reconciliation: what it found, and the outcome'),
      deletedIds: z.array(z.string()).describe('some of those that it soft-deleted'),
      setAside: z
        .array(z.object({ reason: z.string(), open: z.int() }))
        .describe('what it set aside and is still set aside'),
    }),
  run: () => import('./work/runs/showRuns.js').then(({ showRun }) => showRun),
});

export const undo = operation({
  name: 'undo',
  effect: 'change',
  path: '/runs/{run}/undo',
  summary: 'bring back the rows that a run soft-deleted, or take an import back',
  details:
    'The rows are live again with the content they had. Rows that an import changed hold again what they held before, for 7 days, and rows ' +
    'that it inserted are deleted. Rows that were written since stay as they are. ' +
    'The next reconciliation judges them again: fix its cause first.',
  examples: ['57 --reason "the token had lost its rights to two campuses"'],
  input: { run: runNumber },
  result: (z) =>
    z.object({
      runId: z.string(),
      restored: z.int(),
      removed: z.int().describe('rows that an import had inserted, which are deleted'),
      changedSince: z.int().describe('rows that were written since and stay as they are'),
    }),
  run: () => import('./work/decide.js').then(({ undoDeletions }) => undoDeletions),
});
