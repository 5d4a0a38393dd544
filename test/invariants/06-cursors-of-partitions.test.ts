import type { OperationContext } from '../../clients/operations/definition/context';
import { moveCursor, showCursor } from '../../clients/operations/work/cursor';
import { getCursor } from '../../destination/runs/cursors';
import { type Bookings, booking, daysAgo, list, liveIds, setLocations, startBookings } from './bookingsSource';
import { cursor, lastRun } from './support';

/** Invariant 6, for entities with partitions: each has a cursor of its own. */
const since = { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } as const;
const listings = { all: list, changes: { ...list, since } };

interface Stored {
  readonly partition: string;
  readonly at: Date;
  readonly left: boolean;
}

async function cursors({ engine }: Bookings): Promise<Stored[]> {
  const { rows } = await engine.db.raw(
    `select partition, at, left_at is not null as left from tidemark.cursors order by partition`,
  );
  return rows;
}

/** What a delta asked for each location: null is everything. */
async function askedBy(world: Bookings): Promise<Record<string, string | null>> {
  const before = world.source.requests.length;
  await world.engine.delta('bookings');
  const urls = world.source.requests.slice(before).map((path) => new URL(path, world.source.baseUrl));
  return Object.fromEntries(urls.map(({ searchParams }) => [searchParams.get('location'), searchParams.get('since')]));
}

test('a location that appears is read from its beginning, while the others are asked for changes', async () => {
  const world = await startBookings([booking('a1', 'a', daysAgo(9)), booking('b1', 'b', daysAgo(9))], {
    locations: 'a',
    listings,
  });
  await setLocations(world, 'a b');
  expect(await askedBy(world)).toEqual({ a: expect.any(String), b: null });
  expect(await liveIds(world)).toEqual(['a1', 'b1']);
  expect(await askedBy(world)).toEqual({ a: expect.any(String), b: expect.any(String) });
});

test('a location that is no longer listed keeps its cursor for its return, and holds the others back no longer', async () => {
  const world = await startBookings([booking('a1', 'a', daysAgo(9)), booking('b1', 'b', daysAgo(9))], {
    locations: 'a b',
    listings,
  });
  await setLocations(world, 'a');
  await world.engine.delta('bookings');
  const [a, b] = await cursors(world);
  expect([a?.left, b?.left]).toEqual([false, true]);
  const { rows } = await world.engine.db.raw(
    `select min(at) filter (where left_at is null) as lowest from tidemark.cursors`,
  );
  const target = { connectionId: 'demo', entity: 'bookings' };
  expect(await getCursor(world.engine.db, target)).toEqual(rows[0].lowest);
  await setLocations(world, 'a b');
  expect(await askedBy(world)).toMatchObject({ b: b?.at.toISOString() });
  expect((await cursors(world)).map(({ left }) => left)).toEqual([false, false]);
});

test('a cursor of the whole entity, from before it had partitions, is where each of them begins', async () => {
  const world = await startBookings([booking('a1', 'a', daysAgo(9))], { locations: 'a b', listings });
  const at = '2026-02-01T00:00:00.000Z';
  await world.engine.db.raw(`delete from tidemark.cursors`);
  await world.engine.db.raw(`insert into tidemark.cursors (connection_id, entity, at) values ('demo', 'bookings', ?)`, [
    at,
  ]);
  expect(await askedBy(world)).toEqual({ a: at, b: at });
  const [whole, ...own] = await cursors(world);
  expect(whole).toMatchObject({ partition: '', left: true });
  expect(own.map(({ partition, at: now }) => [partition, now.toISOString() > at])).toEqual([
    ['a', true],
    ['b', true],
  ]);
});

test('a location whose read fails keeps all cursors where they were', async () => {
  const world = await startBookings([booking('a1', 'a', daysAgo(9)), booking('b1', 'b', daysAgo(9))], {
    locations: 'a b',
    listings: { ...listings, changes: { ...listings.changes, total: 'totals.{partition}' } },
  });
  const before = await cursors(world);
  await expect(world.engine.delta('bookings')).rejects.toThrow();
  expect(await cursors(world)).toEqual(before);
});

test('a list that withholds its newest changes leaves the cursor that much earlier', async () => {
  const world = await startBookings([booking('a1', 'a', daysAgo(9))], {
    locations: 'a',
    listings: { all: { ...list, heldBack: '15m' }, changes: { ...list, since } },
  });
  const { startedAt } = await lastRun(world.engine, 'bookings');
  const first = (await cursor(world.engine, 'bookings')) as number;
  // a minute is the lookback
  expect(startedAt.getTime() - first).toBeGreaterThan(15.9 * 60_000);
  await world.engine.delta('bookings');
  expect((await cursor(world.engine, 'bookings')) as number).toBeGreaterThan(first + 14 * 60_000);
});

test('the cursor of one location is reset by itself, and of an unknown one not at all', async () => {
  const world = await startBookings([booking('a1', 'a', daysAgo(9)), booking('b1', 'b', daysAgo(9))], {
    locations: 'a b',
    listings,
  });
  const { db, connector } = world.engine;
  const target = { connection: 'demo', entity: 'bookings' };
  const context = { db, connectors: async () => [connector] } as unknown as OperationContext;
  const by = { actor: 'test', reason: 'because' };
  const reset = (partition: string) => moveCursor(context, { ...target, to: null, forward: false, partition }, by);
  await reset('b');
  await expect(reset('c')).rejects.toThrow(/has no partition c: it has a, b/);
  expect((await showCursor(context, target)).partitions).toMatchObject([{ partition: 'a', token: null, leftAt: null }]);
  expect(await askedBy(world)).toEqual({ a: expect.any(String), b: null });
});
