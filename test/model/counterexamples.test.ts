import type { History } from './history';
import { play } from './play';
import { createWorld, type World } from './world';

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual('@temporalio/workflow'),
  ...jest.requireActual('./workflowApi').workflowApi,
}));

/** Histories that the model found, shrunk, each of which once broke an invariant, and some that came close. */
const plain: Omit<History, 'commands'> = {
  shape: 'usual',
  seed: 0,
  synced: false,
  skew: 0,
  uncertainty: 0,
  replicaLag: 0,
  straight: true,
};
const one = { pick: 0, pass: 0, stale: 0 } as const;

const counterexamples: readonly { readonly name: string; readonly history: History }[] = [
  {
    // it left a run "running" that nobody worked on, and the next ones were refused for the length of a lease
    name: 'an attempt to begin a run that claims it only after the whole run is over',
    history: {
      ...plain,
      commands: [
        { do: 'start', flow: 'delta' },
        { do: 'abandon', pick: 0 },
        { do: 'step', times: 100, pick: 1, pass: 0, stale: 0 },
      ],
    },
  },
  {
    // the full run sees no tombstone, and the deltas after it no longer ask for the time of the deletion
    name: 'a record deleted shortly before a full run, of which only the reconciliation tells',
    history: {
      ...plain,
      shape: 'tombs',
      seed: 1,
      synced: true,
      commands: [
        { do: 'delete', slot: 0 },
        { do: 'wait', ms: 70_000 },
        { do: 'start', flow: 'full' },
        { do: 'step', times: 100, ...one },
      ],
    },
  },
  {
    // the line refused what the delta had read before it, and versions that are equal gave the reconciliation nothing to see
    name: 'two edits within one tick of the version, and a reconciliation between the second one’s page and its writing',
    history: {
      ...plain,
      shape: 'tombs',
      seed: 1,
      synced: true,
      commands: [
        { do: 'update', slot: 0 },
        { do: 'start', flow: 'delta' },
        { do: 'step', times: 100, ...one },
        { do: 'update', slot: 0 },
        { do: 'wait', ms: 70_000 },
        { do: 'start', flow: 'delta' },
        { do: 'step', times: 4, ...one },
        { do: 'wait', ms: 11_000 },
        { do: 'start', flow: 'reconciliation' },
        { do: 'step', times: 100, ...one, pick: 2 },
      ],
    },
  },
  {
    name: 'a record committed late, with a timestamp on the very boundary of the next query, at a source that filters by >',
    history: {
      ...plain,
      shape: 'moving',
      seed: 1,
      synced: true,
      commands: [
        { do: 'start', flow: 'delta' },
        { do: 'step', times: 3, ...one },
        { do: 'late', slot: 0, by: 60_000 },
        { do: 'step', times: 100, ...one },
        { do: 'wait', ms: 1 },
      ],
    },
  },
  {
    name: 'a date of 2099 that an attempt thought dead writes after it was corrected and a reconciliation has passed',
    history: {
      ...plain,
      seed: 1,
      synced: true,
      straight: false,
      commands: [
        { do: 'future', slot: 0 },
        { do: 'record', slot: 0 },
        { do: 'step', times: 2, ...one },
        { do: 'freeze', pick: 0 },
        { do: 'update', slot: 0 },
      ],
    },
  },
  {
    name: 'an attempt thought dead that goes on with its listing beside the one that has taken over',
    history: {
      ...plain,
      seed: 6,
      synced: true,
      commands: [
        { do: 'tie' },
        { do: 'start', flow: 'delta' },
        { do: 'step', times: 6, ...one },
        { do: 'abandon', pick: 0 },
        { do: 'step', times: 1, ...one, pick: 2 },
        { do: 'step', times: 100, ...one },
      ],
    },
  },
  {
    name: 'without one: an id created again behind the second scan, and written by a delta before the deletes',
    history: {
      ...plain,
      shape: 'bare',
      seed: 6,
      synced: true,
      commands: [
        { do: 'delete', slot: 0 },
        { do: 'start', flow: 'reconciliation' },
        { do: 'step', times: 23, ...one },
        { do: 'create', slot: 0 },
        { do: 'start', flow: 'delta' },
        { do: 'step', times: 20, ...one, pick: 2 },
        { do: 'step', times: 100, ...one },
      ],
    },
  },
];

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);

test.each(counterexamples)('$name', ({ history }) => play(world, history), 120_000);
