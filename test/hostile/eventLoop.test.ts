import { besideWorst, type Held } from '../support/besideWorst';
import { worstBodies } from '../support/worstBodies';

jest.setTimeout(120_000);

let read: (body: string) => Promise<Held>;
beforeAll(async () => {
  read = await besideWorst();
});

/**
 * Twice what the engine promises: jest's own work and the collector's threads are in the figure, while a quadratic reader takes
 * minutes. `npm run test:soak` asks for the promise itself.
 */
const mostMs = 2_000;

test.each(Object.entries(worstBodies))('%s holds no other connection up', async (_what, body) => {
  const { longestMs, others } = await read(body());
  expect(longestMs).toBeLessThan(mostMs);
  expect(others).toBeGreaterThan(0);
});
