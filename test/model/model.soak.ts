import fc from 'fast-check';
import { histories } from './history';
import { play } from './play';
import { shapeNames } from './shapes';
import { createWorld } from './world';

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual('@temporalio/workflow'),
  ...jest.requireActual('./workflowApi').workflowApi,
}));

const runs = Number(process.env.TIDEMARK_MODEL_RUNS ?? 3_000);
const firstSeed = Number(process.env.TIDEMARK_MODEL_SEED ?? Date.now() % 1_000_000_000);
const batch = 100;

test(
  `${runs} histories from seed ${firstSeed} on`,
  async () => {
    const world = await createWorld();
    const began = performance.now();
    for (let played = 0, seed = firstSeed; played < runs; played += batch, seed += 1) {
      // what fails is shrunk, and told with the seed that brings it back
      await fc.assert(
        fc.asyncProperty(histories(fc.constantFrom(...shapeNames)), (history) => play(world, history)),
        { numRuns: Math.min(batch, runs - played), seed },
      );
      const seconds = Math.round((performance.now() - began) / 1000);
      process.stderr.write(`${Math.min(runs, played + batch)} histories after ${seconds} s (seed ${seed})\n`);
    }
  },
  24 * 3_600_000,
);
