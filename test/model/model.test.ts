import fc from 'fast-check';
import { histories } from './history';
import { play } from './play';
import { shapeNames } from './shapes';
import { createWorld, type World } from './world';

// the workflows' own code runs in this process, so that a history decides about each of their steps
jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual('@temporalio/workflow'),
  ...jest.requireActual('./workflowApi').workflowApi,
}));

const runs = 100;
const seed = 20261121;
/** On a machine that is busy with other things, fewer histories are played, and a failure is shrunk less. */
const timeLimitMs = 120_000;
let world: World;

beforeAll(async () => {
  world = await createWorld();
}, 120_000);

test('whatever happens: no false delete, no lost update, and in the end source and table are equal', async () => {
  const began = performance.now();
  let played = 0;
  const inTime = () => performance.now() - began < timeLimitMs;
  await fc.assert(
    fc.asyncProperty(histories(fc.constantFrom(...shapeNames)), async (history) => {
      if (!inTime()) return;
      await play(world, history);
      played += 1;
    }),
    { numRuns: runs, seed },
  );
  expect(played).toBeGreaterThan(0);
}, 600_000);
