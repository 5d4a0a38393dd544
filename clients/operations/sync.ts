import { argument, field, optional } from './definition/fields';
import { operation } from './definition/operation';
import { started, target } from './definition/schemas';
import { entityOf } from './definition/targetFields';

export const sync = operation({
  name: 'sync',
  effect: 'start',
  summary: 'run a delta now, for one entity or for all entities of a connection',
  details:
    'Runs besides the schedule. An entity whose delta is already running does not keep the others from starting.',
  examples: ['demo', 'demo people --full', 'demo people --no-wait --json'],
  input: {
    connection: entityOf.connection,
    entity: optional(argument(field.name('only this entity; without it all entities of the connection'))),
    full: field.flag('read everything, as the first time, instead of what changed since the cursor'),
  },
  result: (z) =>
    z.object({
      started: z.array(z.object({ ...target(z), ...started(z) })),
      alreadyRunning: z.array(z.object({ ...target(z), detail: z.string() })).describe('deltas that were not started'),
    }),
  run: () => import('./work/runs/runs.js').then(({ startDeltas }) => startDeltas),
});

export const reconcile = operation({
  name: 'reconcile',
  effect: 'start',
  summary: 'compare the whole table with the source now: fetch what is missing, soft-delete what is gone',
  details:
    'Deletes only what the source confirms to be gone. More deletions than the deletion guard allows wait for approval (exit status 3).',
  examples: ['demo people', 'demo people --dry-run', 'demo people --json'],
  input: { ...entityOf, dryRun: field.flag('find and count the differences, write nothing') },
  result: (z) => z.object(started(z)),
  run: () => import('./work/runs/runs.js').then(({ startReconciliation }) => startReconciliation),
});

export const backfill = operation({
  name: 'backfill',
  effect: 'start',
  summary: 'read again what changed since an instant, behind everything else',
  details:
    'A separate run with the lowest priority in the request budget. The cursor stays, and deltas continue from it. ' +
    "To read everything, use 'sync --full'.",
  examples: ['demo people --since 2026-01-01T00:00:00Z', 'demo people --since 30d --no-wait'],
  input: { ...entityOf, since: field.instant('an instant, or how long ago') },
  result: (z) => z.object(started(z)),
  run: () => import('./work/runs/runs.js').then(({ startBackfill }) => startBackfill),
});

export const remap = operation({
  name: 'remap',
  effect: 'start',
  summary: 'rebuild the typed columns from raw after the mapping has changed',
  details:
    'The source is not asked. Columns that the row schema has and the table lacks are added first. Versions, deletes and the cursor ' +
    'stay as they are. A row that no longer maps keeps its columns and is set aside. Restart the workers with the new mapping first.',
  examples: ['demo people', 'demo people --no-wait --json'],
  input: entityOf,
  result: (z) => z.object(started(z)),
  run: () => import('./work/runs/runs.js').then(({ startRemap }) => startRemap),
});
