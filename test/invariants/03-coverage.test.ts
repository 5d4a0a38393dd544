import { approvePlan } from '../../clients/operations/work/decide';
import { readStatus } from '../../clients/operations/work/status';
import type { Bookings } from './bookingsSource';
import { type Booking, booking, daysAgo, list, liveIds, setLocations, startBookings, table } from './bookingsSource';
import { aMinuteLater, failureOf, lastRun } from './support';

/** Invariant 3: absence counts only inside what the scan covered. */
const many = (location: string, count: number, on = daysAgo(5)): Booking[] =>
  Array.from({ length: count }, (_, index) => booking(`${location}${100 + index}`, location, on));

const one = { path: '/bookings/{id}' };

async function state({ engine }: Bookings) {
  const { connections } = await readStatus(engine.db, [engine.connector]);
  const { proved, plansWaiting } = connections[0]?.entities[0] ?? {};
  return {
    coverage: proved?.coverage,
    plans: (plansWaiting ?? []).map(({ partition, gone, reason }) => ({ partition, gone, reason })),
  };
}

const approve = async ({ engine }: Bookings, planId: string) => {
  const context = { db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue };
  return (await approvePlan(context, planId, { actor: 'test', reason: 'it is closed' })).result();
};

describe('a list that goes back a year', () => {
  let world: Bookings;

  beforeAll(async () => {
    const covers = { field: 'on', from: '365d', to: 'today', timeZone: 'UTC' } as const;
    world = await startBookings(
      [
        booking('old', 'n', daysAgo(400)),
        booking('edge', 'n', daysAgo(364)),
        ...many('n', 5),
        booking('now', 'n', daysAgo(0)),
      ],
      { locations: 'n', listings: { all: { ...list, covers } } },
    );
    world.hides = ({ on }) => on < daysAgo(365) || on >= daysAgo(0);
  });

  test('deletes nothing that has left the range, nor what lies at its edge or in today', async () => {
    world.hides = ({ on, id }) => on < daysAgo(365) || on >= daysAgo(0) || id === 'edge';
    expect(await world.engine.reconcile('bookings')).toMatchObject({ outcome: 'succeeded', gone: 0, deleted: 0 });
    expect(await liveIds(world)).toEqual(['edge', 'n100', 'n101', 'n102', 'n103', 'n104', 'now', 'old']);
  });

  test('still deletes what is gone inside of it, and its proof names the range', async () => {
    world.records.delete('n102');
    expect(await world.engine.reconcile('bookings')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 1 });
    expect(await liveIds(world)).not.toContain('n102');
    const { coverage } = await state(world);
    expect(coverage).toMatchObject({ partitions: { compared: 1, known: 1 }, notCompared: { outside: 3 } });
    expect(coverage?.from?.slice(0, 10)).toBe(daysAgo(365));
    expect(coverage?.to).toBe(`${daysAgo(0)}T00:00:00.000Z`);
  });

  test('a verification of everything reports no row outside of it as gone', async () => {
    const result = await (
      await world.engine.start<{ differing: number; coverage: object }>('verify', {
        connectionId: 'demo',
        entity: 'bookings',
        sample: null,
      })
    ).result();
    expect(result).toMatchObject({ differing: 0, coverage: { notCompared: { outside: 3 } } });
  });
});

describe('a location that lists nothing', () => {
  test('keeps its rows, in a plan of its own, while the others are compared', async () => {
    const world = await startBookings([...many('a', 4), ...many('b', 4), ...many('c', 4)], { locations: 'a b c' });
    world.silent.add('b');
    world.records.delete('c102');
    const result = await world.engine.reconcile('bookings');
    expect(result).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 1, held: [expect.any(String)] });
    expect(await liveIds(world)).toHaveLength(11);
    const { coverage, plans } = await state(world);
    expect(plans).toEqual([{ partition: 'b', gone: 4, reason: expect.stringContaining('lists nothing') }]);
    expect(coverage).toMatchObject({ partitions: { compared: 2, known: 3 }, notCompared: { held: 4 } });
    // an answer of before the scan about what was not compared may still be on its way
    const { rows } = await world.engine.db.raw('select watermark_at from tidemark.entities');
    expect(rows).toEqual([{ watermark_at: Number.NEGATIVE_INFINITY }]);
    // an operator knows that it was emptied
    expect(await approve(world, result.held?.[0] ?? '')).toMatchObject({ outcome: 'succeeded', deleted: 4 });
    expect(await liveIds(world)).toHaveLength(7);
  });

  test('in the second scan confirms nothing', async () => {
    const world = await startBookings([...many('a', 4), ...many('b', 4)], { locations: 'a b' });
    world.records.delete('b101');
    const listed = () => world.source.requests.filter((url) => url.includes('location=b')).length;
    const before = listed();
    world.hides = ({ location }) => location === 'b' && listed() > before + 1;
    expect(await world.engine.reconcile('bookings')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 0 });
    expect(await liveIds(world)).toContain('b101');
  });

  test('is not hidden by the size of the others: the deletion guard looks at each', async () => {
    const world = await startBookings([...many('a', 300), ...many('b', 20)], {
      locations: 'a b',
      listings: { all: list, one },
    });
    for (const { id } of many('b', 15)) world.records.delete(id);
    world.records.delete('a100');
    const result = await world.engine.reconcile('bookings');
    expect(result).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 1 });
    expect((await state(world)).plans).toEqual([
      { partition: 'b', gone: 15, reason: expect.stringContaining('15 of 20 rows') },
    ]);
  });
});

describe('a location that is no longer listed', () => {
  test.each([
    ['without `one`', {}],
    ['with `one`', { listings: { all: list, one } }],
    ['with `ids` and `one`', { listings: { all: list, ids: list, one } }],
  ])('keeps its rows, and a plan proposes them: %s', async (_what, changes) => {
    const world = await startBookings([...many('a', 4), ...many('b', 4)], { locations: 'a b', ...changes });
    await setLocations(world, 'a');
    for (const { id } of many('b', 4)) world.records.delete(id);
    const result = await world.engine.reconcile('bookings');
    expect(result).toMatchObject({ outcome: 'succeeded', gone: 0, deleted: 0 });
    expect(await liveIds(world)).toHaveLength(8);
    const { coverage, plans } = await state(world);
    expect(plans).toEqual([{ partition: 'b', gone: 4, reason: expect.stringContaining('no longer listed') }]);
    expect(coverage).toMatchObject({ partitions: { compared: 1, known: 2 }, notCompared: { held: 4 } });
    expect(await approve(world, result.held?.[0] ?? '')).toMatchObject({ outcome: 'succeeded', deleted: 4 });
  });

  test('is not proposed again once an operator has rejected it', async () => {
    const world = await startBookings([...many('a', 4), ...many('b', 4)], { locations: 'a b' });
    await setLocations(world, 'a');
    const { held } = await world.engine.reconcile('bookings');
    await world.engine.db.raw(`update tidemark.plans set status = 'rejected' where id = ?`, [held?.[0] ?? '']);
    expect((await world.engine.reconcile('bookings')).held).toBeUndefined();
    expect(await state(world)).toMatchObject({ plans: [], coverage: { notCompared: { held: 4 } } });
    expect(await liveIds(world)).toHaveLength(8);
  });

  test('an empty list of locations fails the run', async () => {
    const world = await startBookings(many('a', 4), { locations: 'a' });
    await setLocations(world, '');
    expect(await failureOf(world.engine.reconcile('bookings'))).toBe('ContractBroken');
    expect((await lastRun(world.engine, 'bookings')).error).toContain('no partitions');
    expect(await failureOf(world.engine.delta('bookings'))).toBe('ContractBroken');
    expect(await liveIds(world)).toHaveLength(4);
  });
});

test('a booking that moves to another location stays one live row, and is judged where it is listed now', async () => {
  const listings = { all: list, ids: list, one };
  const world = await startBookings([...many('a', 4), ...many('b', 4)], { locations: 'a b', listings });
  world.records.set('a101', booking('a101', 'b', daysAgo(5)));
  expect(await world.engine.reconcile('bookings')).toMatchObject({ outcome: 'succeeded', gone: 0, deleted: 0 });
  const { rows } = await world.engine.db.raw(`select _partition from ${table} where external_id = 'a101'`);
  expect(rows).toEqual([{ _partition: 'b' }]);
  await setLocations(world, 'b');
  expect((await state(world)).plans).toEqual([]);
  await world.engine.reconcile('bookings');
  expect((await state(world)).plans).toMatchObject([{ partition: 'a', gone: 3 }]);
});

test.each([
  ['without `one`', {}],
  ['with `one`', { listings: { all: list, one } }],
])('rows that were imported, and rows of a user, are never deleted by absence: %s', async (_what, changes) => {
  const world = await startBookings(many('a', 4), { locations: 'a', ...changes });
  const { db } = world.engine;
  await db.raw(`insert into ${table} (connection_id, external_id, name) values ('demo', 'mine', 'typed by hand')`);
  await db.raw(
    `insert into ${table} (connection_id, external_id, name, _origin, _sent_at, _received_at) values ('demo', 'filed', 'from a file', 'import', now(), now())`,
  );
  await aMinuteLater(world.engine, table);
  expect(await world.engine.reconcile('bookings')).toMatchObject({
    outcome: 'succeeded',
    gone: 0,
    unlisted: 0,
    deleted: 0,
  });
  expect(await liveIds(world)).toEqual(['a100', 'a101', 'a102', 'a103', 'filed', 'mine']);
  expect((await state(world)).coverage).toMatchObject({ notCompared: { imported: 1, own: 1 } });
});

test('a partition that lists nothing does not show that a record of it, which is set aside, is gone', async () => {
  const undated = booking('s1', 's', 'soon');
  const world = await startBookings([...many('n', 3), undated], { locations: 'n s', listings: { all: list } });
  const unjudged = async () => {
    await aMinuteLater(world.engine, table);
    await world.engine.db.raw(`update tidemark.set_aside set last_seen_at = last_seen_at - interval '1 minute'`);
    await world.engine.reconcile('bookings');
    const { connections } = await readStatus(world.engine.db, [world.engine.connector]);
    return connections[0]?.entities[0]?.proved?.unjudged;
  };
  world.silent.add('s');
  expect(await unjudged()).toEqual({ setAside: 1 });
  world.silent.clear();
  world.records.delete('s1');
  world.records.set('s2', booking('s2', 's', daysAgo(5)));
  expect(await unjudged()).toEqual({});
});
