import type { Knex } from 'knex';
import { createConnection } from '../../../destination/connections/connections';
import { keyRing } from '../../../destination/connections/seal';
import { createTokenStore } from '../../../destination/connections/tokens';
import { connectDatabase } from '../../../destination/database/database';
import type { TokenStore } from '../../../schema/ports';
import { testDatabase } from '../../../test/environment';
import type { TokenEndpoint } from '../authorizer';
import type { Grant } from './grant';
import { createRenewer, leaseMs } from './renewer';

let db: Knex;
let tokens: TokenStore;
let connections = 0;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
beforeEach(async () => {
  const connectionId = `demo-${++connections}`;
  await createConnection(db, { id: connectionId, connector: 'acme', settings: {} });
  tokens = createTokenStore(db, { connectionId, ring: keyRing('5c'.repeat(32)), epoch: 1 });
});
afterAll(() => db.destroy());

const issued = { accessToken: 'a', refreshToken: 'r', expiresInMs: 3_600_000 };
const endpoint = { leave: async () => undefined, redact: (text: string) => text } as unknown as TokenEndpoint;

test('a request for a token ends well before the lease, however long the lease took', async () => {
  const given: number[] = [];
  const grant: Grant = {
    standsAlone: true,
    refreshTokenFor: () => undefined,
    ask: async (_refresh, timeoutMs) => {
      given.push(timeoutMs);
      return { kind: 'issued', issued };
    },
  };
  // a lease that PostgreSQL gave 8 s after it was asked for
  const slow: TokenStore = {
    ...tokens,
    lease: async (...asked) => {
      const lease = await tokens.lease(...asked);
      clock.mockReturnValue(8_000);
      return lease;
    },
  };
  const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
  try {
    await createRenewer(grant, slow, endpoint).obtain(undefined, () => true);
  } finally {
    clock.mockRestore();
  }
  expect(given).toHaveLength(1);
  expect(given[0]).toBeLessThanOrEqual(leaseMs - 5_000 - 8_000);
  expect(given[0]).toBeGreaterThan(1_000);
});

test('two workers that lease the same tokens at once: one gets them', async () => {
  const { generation } = await tokens.read();
  const leases = await Promise.all(
    Array.from({ length: 4 }, () => tokens.lease(generation, { ms: leaseMs, rotating: false })),
  );
  expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
});

test('an expired lease goes to the next, and its holder still stores what it brings, since nothing else has it', async () => {
  const { generation } = await tokens.read();
  const first = await tokens.lease(generation, { ms: 0, rotating: true });
  const second = await tokens.lease(generation, { ms: leaseMs, rotating: true });
  expect(await first?.release(true)).toBe(false);
  expect(await first?.save(issued)).toBe(true);
  // the second holder finds other tokens than those it was given for
  expect(await second?.save({ ...issued, accessToken: 'b' })).toBe(false);
  expect(await second?.needCredentials('invalid_grant')).toBe(false);
  expect(await tokens.read()).toMatchObject({ accessToken: 'a', refreshToken: 'r', generation: generation + 1 });
});

test('a lease notes a refresh token that is sent, and takes the note back only where nothing was sent', async () => {
  const { generation } = await tokens.read();
  const unanswered = async () => (await tokens.read()).unansweredSince !== undefined;
  const first = await tokens.lease(generation, { ms: leaseMs, rotating: true });
  expect(await unanswered()).toBe(true);
  await first?.release(false);
  expect(await unanswered()).toBe(false);
  await (await tokens.lease(generation, { ms: leaseMs, rotating: true }))?.release(true);
  expect(await unanswered()).toBe(true);
  await (await tokens.lease(generation, { ms: leaseMs, rotating: true }))?.release(false);
  expect(await unanswered()).toBe(true);
});
