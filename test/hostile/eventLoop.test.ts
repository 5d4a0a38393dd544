import { besideWorst, type Held } from '../support/sources/besideWorst';
import { worstBodies } from '../support/sources/worstBodies';

jest.setTimeout(120_000);

let read: (body: string) => Promise<Held>;
beforeAll(async () => {
  read = await besideWorst();
});

/**
 * A quadratic reader takes minutes. No more is asserted here, since other test files share the processors and all threads of this
 * process are in the figure. `npm run test:soak` asserts what the engine promises.
 */
const mostMs = 20_000;

test.each(Object.entries(worstBodies))('%s holds no other connection up', async (_what, body) => {
  const { longestMs, others } = await read(body());
  expect(longestMs).toBeLessThan(mostMs);
  expect(others).toBeGreaterThan(0);
});
