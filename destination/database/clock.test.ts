import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { measureClock } from './clock';
import { connectDatabase } from './database';

let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => db.destroy());

async function databaseTime(): Promise<number> {
  const { rows } = await db.raw('select extract(epoch from clock_timestamp())::float8 * 1000 as now');
  return rows[0].now;
}

test('sent and received lie on either side of PostgreSQL’s time', async () => {
  const clock = await measureClock(db);
  for (let round = 0; round < 50; round++) {
    const sent = clock.sent();
    const now = await databaseTime();
    const received = clock.received();
    expect(sent).toBeLessThanOrEqual(now);
    expect(received).toBeGreaterThanOrEqual(now);
    expect([sent, received].every(Number.isInteger)).toBe(true);
  }
  await clock.close();
});

test('a local clock that is wrong, or set back, makes no difference', async () => {
  const real = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(0);
  const clock = await measureClock(db);
  expect(Math.abs(clock.sent() - real)).toBeLessThan(60_000);
  jest.spyOn(Date, 'now').mockReturnValue(-3_600_000);
  const sent = clock.sent();
  const now = await databaseTime();
  expect(sent).toBeLessThanOrEqual(now);
  expect(clock.received()).toBeGreaterThanOrEqual(now);
  await clock.close();
});

test('after a sleep, which the monotonic clock does not see, received is late enough, until it is measured again', async () => {
  const clock = await measureClock(db);
  const wall = Date.now();
  const before = clock.received();
  jest.spyOn(Date, 'now').mockReturnValue(wall + 3_600_000);
  const sent = clock.sent();
  expect(clock.received()).toBeGreaterThanOrEqual(before + 3_600_000 - 1_000);
  expect(sent).toBeLessThan(before + 1_800_000);
  await clock.measure();
  expect(clock.received()).toBeLessThan(before + 1_800_000);
  await clock.close();
});

test('a measurement that fails is told, and the clock goes on', async () => {
  const own = connectDatabase((await testDatabase()).url);
  const errors: Error[] = [];
  const clock = await measureClock(own, { everyMs: 5, onError: (error) => errors.push(error) });
  await own.destroy();
  while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(errors[0]).toMatchObject({ type: 'DestinationUnavailable' });
  expect(clock.sent()).toBeLessThanOrEqual(clock.received());
  await clock.close();
});

test('no database, no clock', async () => {
  const nowhere = connectDatabase('postgres://user:hunter2@127.0.0.1:1/x');
  await expect(measureClock(nowhere)).rejects.toMatchObject({ type: 'DestinationUnavailable' });
  await nowhere.destroy();
});
