import fc from 'fast-check';
import type { shapes } from './shapes';
import type { ModelSource } from './source';

export type ShapeName = keyof typeof shapes;

/** One thing that happens: to the source, to the engine, or in time. */
export type Command =
  /** a workflow starts; it waits before whatever it does first */
  | { readonly do: 'start'; readonly flow: 'delta' | 'full' | 'reconciliation' | 'inbox' | 'disputes' }
  | { readonly do: 'record'; readonly slot: number }
  /**
   * Of all that waits, the one at place `pick` goes on, so many times one after another; before each, `pass` milliseconds
   * go by, and a request then sees the state of `stale` milliseconds ago.
   */
  | {
      readonly do: 'step';
      readonly times: number;
      readonly pick: number;
      readonly pass: number;
      readonly stale: number;
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'create' | 'update' | 'touch' | 'delete' | 'purge' | 'future'; readonly slot: number }
  /** a change that is committed now with a timestamp from before */
  | { readonly do: 'late'; readonly slot: number; readonly by: number }
  /** every live record is changed, with one timestamp: more than a page holds */
  | { readonly do: 'tie' }
  /** the source is restored from a backup of so many milliseconds ago */
  | { readonly do: 'restore'; readonly ago: number }
  /** a webhook about this record arrives, in so many copies, and has a workflow started at once, or is left for later */
  | {
      readonly do: 'webhook';
      readonly slot: number;
      readonly copies: number;
      readonly wakes: 'record' | 'inbox' | null;
    }
  /** the process that does this is killed; `committed`: a commit under way takes place, but nobody hears of it */
  | { readonly do: 'kill'; readonly pick: number; readonly committed: boolean }
  /** taken for dead and run again, while the former attempt goes on beside */
  | { readonly do: 'abandon'; readonly pick: number }
  /** the same, but the former attempt wakes up only after everything else is over */
  | { readonly do: 'freeze'; readonly pick: number }
  /** the workflow is terminated without a word to anyone */
  | { readonly do: 'terminate'; readonly pick: number };

export interface History {
  readonly shape: ShapeName;
  /** records at the start */
  readonly seed: number;
  /** an hour before, everything was synced for the first time */
  readonly synced: boolean;
  /** the source's clock less ours */
  readonly skew: number;
  /** how far our own clock may be off */
  readonly uncertainty: number;
  /** how stale answers may be at most: less than the read lag */
  readonly replicaLag: number;
  /** nothing but one delta and one reconciliation after the dust has settled, without the sweep's work before */
  readonly straight: boolean;
  readonly commands: readonly Command[];
}

export const slots = 6;
export const longestReplicaLag = 9_000;

const slot = fc.nat({ max: slots - 1 });
const pick = fc.nat({ max: 4 });

const step = fc.record({
  do: fc.constant('step' as const),
  times: fc.constantFrom(1, 1, 2, 3, 5, 8, 13, 100),
  pick,
  pass: fc.constantFrom(0, 0, 1, 300, 2_000, 7_000),
  stale: fc.constantFrom(0, 0, 0, 1_000, longestReplicaLag),
});

const mutation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('create' as const), slot }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('update' as const), slot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('delete' as const), slot }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('touch' as const, 'future' as const, 'purge' as const), slot }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('late' as const), slot, by: fc.constantFrom(1_000, 30_000, 60_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'tie' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restore' as const), ago: fc.constantFrom(1_000, 20_000, 100_000) }),
  },
);

const start = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      flow: fc.constantFrom(
        'delta' as const,
        'delta' as const,
        'full' as const,
        'reconciliation' as const,
        'reconciliation' as const,
        'inbox' as const,
        'disputes' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('record' as const), slot }) },
);

const trouble = fc.oneof(
  fc.record({ do: fc.constant('kill' as const), pick, committed: fc.boolean() }),
  fc.record({ do: fc.constantFrom('abandon' as const, 'freeze' as const, 'terminate' as const), pick }),
);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: step },
  { weight: 10, arbitrary: mutation },
  { weight: 4, arbitrary: start },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('webhook' as const),
      slot,
      copies: fc.constantFrom(1, 1, 2),
      wakes: fc.constantFrom('record' as const, 'inbox' as const, null),
    }),
  },
  { weight: 2, arbitrary: trouble },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(500, 5_000, 11_000, 70_000) }),
  },
);

export function histories(shape: fc.Arbitrary<ShapeName>): fc.Arbitrary<History> {
  return fc.record({
    shape,
    seed: fc.nat({ max: slots }),
    synced: fc.boolean(),
    skew: fc.constantFrom(0, 0, 30_000, -20_000),
    uncertainty: fc.constantFrom(0, 0, 40),
    replicaLag: fc.constantFrom(0, longestReplicaLag),
    straight: fc.boolean(),
    commands: fc.array(command, { maxLength: 32, size: 'max' }),
  });
}

/** What a run of `changes` can be expected to show of a record: the ground of the checks. */
export class Expectations {
  /** the latest change shows in `changes`: its timestamp is at most the lookback older than the moment of the change */
  readonly inChanges = new Set<string>();
  /** its version has gone back, or it was created again: only a confirming answer shows that */
  readonly wentBack = new Set<string>();

  /** A run over `all` sees no tombstones, and those from before it no later delta asks for: the reconciliation finds them. */
  missedTombstones(source: ModelSource): void {
    for (const id of this.inChanges) if (!source.isLive(id)) this.inChanges.delete(id);
  }
}

const farFuture = Date.parse('2099-01-01T00:00:00Z');

/** Applies a change to one record of the source, if it is one that the record's state allows. */
export function mutate(
  source: ModelSource,
  expected: Expectations,
  history: History,
  command: Command,
  id: string,
): void {
  const { shape } = source;
  const newest = source.newest(id);
  const live = newest?.live ?? false;
  const changed = (inChanges: boolean, back = false) => {
    if (inChanges) expected.inChanges.add(id);
    else expected.inChanges.delete(id);
    if (back) expected.wentBack.add(id);
  };
  const goesBack = (updated: number) =>
    source.records.get(id)?.some((state) => state.updated !== null && state.updated > updated) ?? false;
  if (command.do === 'create') {
    if (live) return;
    // a record that is created again without any version could not be told from the former one
    const updated = shape.nulls && !newest ? null : source.clock;
    source.put(id, { updated, name: source.freshName() });
    changed(updated !== null, newest !== undefined);
    return;
  }
  if (command.do === 'purge') {
    if (live || !newest?.tombstone) return;
    source.put(id, { live: false, tombstone: false, updated: newest.updated });
    changed(false);
    return;
  }
  if (!live) return;
  switch (command.do) {
    case 'update':
    case 'touch':
      source.put(id, { updated: source.clock, ...(command.do === 'update' ? { name: source.freshName() } : {}) });
      changed(true, goesBack(source.clock));
      break;
    case 'future':
      source.put(id, { updated: farFuture, name: source.freshName() });
      changed(true);
      break;
    case 'late': {
      const updated = source.clock - Math.min(command.by, 60_000 - history.replicaLag);
      // a late commit is one of its own, not a second content under an old version
      const tick = Math.floor(updated / shape.tickMs) * shape.tickMs;
      if (source.records.get(id)?.some((state) => state.updated === tick)) return;
      source.put(id, { updated, name: source.freshName() });
      changed(true, goesBack(updated));
      break;
    }
    case 'delete':
      source.put(id, { live: false, tombstone: shape.tombstones, updated: source.clock });
      changed(shape.tombstones);
      break;
    default:
      throw new Error(`${command.do} is no change of one record`);
  }
}

export function restore(source: ModelSource, expected: Expectations, moment: number): void {
  for (const [id, states] of source.records) {
    const newest = states.at(-1);
    const then = source.at(id, moment) ?? { live: false, tombstone: false, updated: null, name: 'nobody' };
    if (!newest || (then.live === newest.live && then.updated === newest.updated && then.name === newest.name))
      continue;
    source.put(id, then);
    expected.inChanges.delete(id);
    expected.wentBack.add(id);
  }
}
