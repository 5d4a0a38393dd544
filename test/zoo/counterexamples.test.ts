import { openZoo, type Zoo } from './engine';
import { play } from './play';
import { type Plan, plain, type Run, type Step, type World } from './world';

/** Sources on which the engine once failed, each shrunk to what it takes. */
interface Counterexample {
  readonly name: string;
  readonly world: Partial<World>;
  readonly steps?: readonly Step[];
  readonly lastFaults?: Run['faults'];
}

const failsAt = (...requests: number[]): Run['faults'] =>
  requests.map((at) => ({ at, fault: { meets: 'status 500' } }));

const counterexamples: readonly Counterexample[] = [
  {
    // each time it went on from the first interruption, and then the list seemed to go round in a circle
    name: 'a list by token whose first sync is interrupted twice',
    world: { paging: 'token', records0: 9 },
    lastFaults: failsAt(3, 6),
  },
  { name: 'the same by link', world: { paging: 'link', records0: 9 }, lastFaults: failsAt(3, 6) },
  { name: 'the same by keyset', world: { paging: 'keyset', records0: 9 }, lastFaults: failsAt(3, 6) },
];

let zoo: Zoo;
beforeAll(async () => {
  zoo = await openZoo();
}, 120_000);

test.each(counterexamples)(
  '$name',
  ({ world, steps = [], lastFaults = [] }) => {
    const plan: Plan = { world: { ...plain, ...world }, steps, lastFaults, probed: false };
    return play(zoo, plan);
  },
  120_000,
);
