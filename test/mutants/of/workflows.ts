import type { Mutant } from '../mutant';

/** Mutants of workflows/. */
export const workflows: readonly Mutant[] = [
  {
    invariant: 10,
    name: 'a workflow that is cancelled does not wait for its claim',
    file: 'workflows/activities.ts',
    find: 'ActivityCancellationType.WAIT_CANCELLATION_COMPLETED',
    replace: 'ActivityCancellationType.TRY_CANCEL',
    test: {
      file: 'test/strategies/atOnce.test.ts',
      name: 'cancelled while the source is asked: the run says so',
    },
  },
  {
    invariant: 1,
    name: 'a delta leaves its disputes to the sweep',
    file: 'workflows/startBatch.ts',
    find: 'if (!disputed || afterMs === null || afterMs === undefined) return;',
    replace: 'if (disputed !== -1 || afterMs === null || afterMs === undefined) return;',
    test: {
      file: 'test/strategies/disputesOfDelta.test.ts',
      name: '$what settles its disputes a read lag later, by asking each record once',
    },
  },
  {
    invariant: 4,
    name: 'what a second delta leaves disputed, while a batch of disputes runs, is left to the sweep',
    file: 'workflows/startBatch.ts',
    find: `if ((await start()) > 0 || !patched('settle-again')) return;`,
    replace: 'await start();\n  return;',
    test: {
      file: 'test/invariants/04-no-stale-overwrite.test.ts',
      name: 'rows that a second delta leaves disputed, while those of a first one wait, are settled after the read lag as well',
    },
  },
];
