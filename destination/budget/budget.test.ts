import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Priority } from '../../schema/ports';
import { type TestDatabase, testDatabase } from '../../test/environment';
import { connectDatabase } from '../database/database';
import { type BudgetOptions, createBudget } from './budget';
import { takeRequest } from './takeRequest';

const never = new AbortController().signal;
const rateLimit = (requests: number, per: string) => ({ requests, per, concurrency: 4 });

let database: TestDatabase;
/** PostgreSQL as it is */
let db: Knex;
/** PostgreSQL whose clock_timestamp() is ours to set */
let simulated: Knex;
beforeAll(async () => {
  database = await testDatabase();
  db = connectDatabase(database.url);
  await db.raw(`create schema simulated;
    create table simulated.clock (now float8 not null);
    insert into simulated.clock values (1.8e12);
    create function simulated.clock_timestamp() returns timestamptz volatile language sql
      as 'select pg_catalog.to_timestamp(now / 1000) from simulated.clock'`);
  const path = encodeURIComponent('-c search_path=simulated,pg_catalog');
  simulated = connectDatabase(`${database.url}?options=${path}`, { poolSize: 1 });
});
afterAll(() => Promise.all([db.destroy(), simulated.destroy()]));

let accounts = 0;
const freshAccount = () => `account ${++accounts}`;

/** Somebody who takes whenever it is allowed, in simulated time; nothing waits in real time. */
function simulatedTaker(options: Omit<BudgetOptions, 'waitAtMostMs'>) {
  const budget = createBudget(simulated, { ...options, waitAtMostMs: 0 });
  return async (): Promise<number> => {
    try {
      await budget.take(never);
      return 0;
    } catch (error) {
      if (error instanceof TidemarkError && error.type === 'SourceAsksToWait') return error.retryAfterMs ?? Number.NaN;
      throw error;
    }
  };
}

async function setClock(now: number): Promise<void> {
  await db.raw('update simulated.clock set now = ?', [now]);
}

/** The largest number of grants in any window of this length; `sorted` holds their times. */
function mostInAWindow(sorted: readonly number[], per: number): number {
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + per).length));
}

describe.each([
  [100, 20_000],
  [40, 1_000],
  [150, 60_000],
  [5, 1_000],
  [1, 2_000],
])('%d requests in %d ms', (requests, per) => {
  test('are never passed, and at least 90 % of them are used by a backfill alone', async () => {
    const take = simulatedTaker({
      account: freshAccount(),
      rateLimit: rateLimit(requests, `${per}ms`),
      priority: 'backfill',
    });
    const granted: number[] = [];
    const start = 1_800_000_000_017;
    const windows = 4;
    let now = start;
    while (now < start + windows * per) {
      await setClock(now);
      const wait = await take();
      if (wait === 0) granted.push(now);
      // each request takes its time, so that they fall all over the slices
      now += wait === 0 ? (granted.length * 7) % 5 : wait;
    }
    expect(mostInAWindow(granted, per)).toBeLessThanOrEqual(requests);
    expect(granted.length).toBeGreaterThanOrEqual(0.9 * requests * windows);
  });
});

test('a window that is counted in few slices is exact all the same', async () => {
  const [requests, per] = [10, 1_000];
  const request = {
    account: freshAccount(),
    windowMs: per,
    sliceMs: per / 4,
    atMost: requests,
    atMostWhileOthersWait: 1,
    rank: 1,
  };
  const granted: number[] = [];
  const start = 1_850_000_000_000;
  // requests at the end of one slice, and as early as allowed again
  for (let now = start + 240; now < start + 5 * per; now += 10) {
    await setClock(now);
    if ((await takeRequest(simulated, request)) === 0) granted.push(now);
  }
  expect(mostInAWindow(granted, per)).toBe(requests);
});

test('processes that hammer it together never get more than the limit in any window', async () => {
  const [requests, per] = [40, 400];
  const account = freshAccount();
  const pools = Array.from({ length: 4 }, () => connectDatabase(database.url, { poolSize: 3 }));
  const granted: { asked: number; answered: number }[] = [];
  const request = {
    account,
    windowMs: per,
    sliceMs: per / 20,
    atMost: requests,
    atMostWhileOthersWait: requests,
    rank: 4,
  };
  const hammer = async (pool: Knex) => {
    while (granted.length < 3.5 * requests) {
      const asked = performance.now();
      const wait = await takeRequest(pool, request);
      if (wait === 0) granted.push({ asked, answered: performance.now() });
    }
  };
  try {
    await Promise.all(pools.flatMap((pool) => [hammer(pool), hammer(pool), hammer(pool)]));
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
  // a grant fell between its question and its answer: these were certainly in one window
  const most = Math.max(
    ...granted.map(({ asked }) => granted.filter((o) => o.asked >= asked && o.answered <= asked + per).length),
  );
  expect(most).toBeLessThanOrEqual(requests);
});

test('takers of one process are served in turn, and one that is stopped holds up nobody', async () => {
  const budget = createBudget(db, { account: freshAccount(), rateLimit: rateLimit(2, '300ms'), priority: 'delta' });
  const stop = new AbortController();
  const order: number[] = [];
  const takes = [0, 1, 2, 3, 4].map((index) =>
    budget.take(index === 3 ? stop.signal : never).then(() => order.push(index)),
  );
  stop.abort(new Error('shutting down'));
  const results = await Promise.allSettled(takes);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(results[3]).toMatchObject({ reason: { message: 'shutting down' } });
  expect(order).toEqual([0, 1, 2, 4]);
});

test('a taker that waits for its share can be stopped', async () => {
  const budget = createBudget(db, { account: freshAccount(), rateLimit: rateLimit(1, '20s'), priority: 'webhook' });
  await budget.take(never);
  const stop = new AbortController();
  const waiting = budget.take(stop.signal);
  setTimeout(() => stop.abort(new Error('shutting down')), 50);
  await expect(waiting).rejects.toThrow('shutting down');
});

describe('a source that says wait', () => {
  test.each([rateLimit(100, '1s'), undefined])('is obeyed by everyone: limit %p', async (limit) => {
    const account = freshAccount();
    const [one, other] = (['delta', 'webhook'] as const).map((priority) =>
      createBudget(db, { account, rateLimit: limit, priority, waitAtMostMs: 1_000 }),
    );
    await one?.take(never);
    await one?.block(3_600_000, 'GET /x answered 429');
    // a shorter one does not lift it
    await other?.block(10, 'another');
    for (const budget of [one, other]) {
      const error = await budget?.take(never).catch((thrown) => thrown);
      expect(error).toMatchObject({ type: 'SourceAsksToWait', message: expect.stringContaining(account) });
      expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
      expect(error.retryAfterMs).toBeLessThanOrEqual(3_600_000);
    }
  });

  test('is asked again when the time has come', async () => {
    const budget = createBudget(db, { account: freshAccount(), priority: 'delta' });
    await budget.block(200, 'GET /x answered 429');
    await budget.take(never);
  });
});

describe('when the budget is short', () => {
  const [requests, per] = [100, 1_000];

  /** Takers of these priorities ask, in simulated time, as often as told; the count and the longest wait of each. */
  async function contend(everyMs: Partial<Record<Priority, number>>, untilMs: number) {
    const account = freshAccount();
    const takers = Object.entries(everyMs).map(([priority, every]) => ({
      priority,
      every,
      take: simulatedTaker({ account, rateLimit: rateLimit(requests, `${per}ms`), priority: priority as Priority }),
      // requests that want to be sent since …
      line: [] as number[],
      granted: [] as number[],
      longestWait: 0,
      askAgain: 0,
    }));
    const start = 1_900_000_000_000;
    for (let now = start; now < start + untilMs; now += 10) {
      await setClock(now);
      // the least urgent asks first, which is the worst case
      for (const taker of takers.toReversed()) {
        if ((now - start) % taker.every === 0) taker.line.push(now);
        while (taker.line.length > 0 && now >= taker.askAgain) {
          const wait = await taker.take();
          taker.askAgain = now + wait;
          if (wait === 0) {
            taker.granted.push(now);
            taker.longestWait = Math.max(taker.longestWait, now - (taker.line.shift() ?? now));
          }
        }
      }
    }
    const all = takers.flatMap(({ granted }) => granted).sort((a, b) => a - b);
    expect(mostInAWindow(all, per)).toBeLessThanOrEqual(requests);
    return Object.fromEntries(
      takers.map((t) => [t.priority, { granted: t.granted.length, longestWait: t.longestWait }]),
    );
  }

  test('a webhook now and then finds room beside a backfill that takes all it can', async () => {
    const { webhook, backfill } = await contend({ webhook: 500, backfill: 10 }, 5 * per);
    expect(webhook).toEqual({ granted: 10, longestWait: 0 });
    expect(backfill?.granted).toBeGreaterThanOrEqual(0.9 * 5 * requests - 10);
  });

  test('the more urgent go first, and the less urgent take what is left', async () => {
    const { delta, backfill } = await contend({ delta: 20, backfill: 10 }, 5 * per);
    expect(delta?.granted).toBeGreaterThanOrEqual(0.9 * 5 * 50);
    expect(backfill?.granted).toBeGreaterThan(5 * 20);
    const alone = await contend({ delta: 10, backfill: 10 }, 5 * per);
    expect(alone.delta?.granted).toBeGreaterThan(3 * (alone.backfill?.granted ?? 0));
  });
});

test('a changed limit counts what was granted under the former one', async () => {
  const account = freshAccount();
  const former = simulatedTaker({ account, rateLimit: rateLimit(10, '10s'), priority: 'webhook' });
  await setClock(1_950_000_000_000);
  for (let taken = 0; taken < 10; taken++) expect(await former()).toBe(0);
  const present = simulatedTaker({ account, rateLimit: rateLimit(10, '60s'), priority: 'webhook' });
  expect(await present()).toBeGreaterThan(59_000);
});

test('a clock of PostgreSQL that is set back costs one window at most', async () => {
  const take = simulatedTaker({ account: freshAccount(), rateLimit: rateLimit(2, '1s'), priority: 'webhook' });
  await setClock(1_960_000_000_000);
  expect([await take(), await take()]).toEqual([0, 0]);
  await setClock(1_959_000_000_000);
  const wait = await take();
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThan(1_200);
  await setClock(1_959_000_000_000 + wait);
  expect(await take()).toBe(0);
});
