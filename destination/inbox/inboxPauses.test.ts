import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { createConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { claimOpenIds, finishEvents, storeEvents } from './inbox';
import { gatheredForMs, removeOldPauses } from './inboxPauses';

const target = { connectionId: 'demo', entity: 'people' };

let db: Knex;
let events = 0;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
  await createConnection(db, { id: 'demo', connector: 'church', settings: {} });
});
beforeEach(() => db.raw('truncate tidemark.inbox, tidemark.inbox_pauses'));
afterAll(() => db.destroy());

async function store(...ids: string[]): Promise<void> {
  const type = 'person.updated';
  await storeEvents(
    db,
    ids.map((id) => ({ ...target, eventId: `e${++events}`, type, id, headers: {}, body: '{}' })),
  );
}

/** One event comes, and an answer that was asked for afterwards ends it. */
async function answer(...ids: string[]): Promise<void> {
  await store(...ids);
  const { rows } = await db.raw('select extract(epoch from clock_timestamp())::float8 * 1000 + 1 as sent');
  expect(await finishEvents(db, target, ids, rows[0].sent, 'updated')).toBe(ids.length);
}

/** Has the pauses end then: the tests wait for nothing. */
const endAt = (when: string) => db.raw(`update tidemark.inbox_pauses set until_at = ${when}`);
const lengths = async (): Promise<number[]> =>
  (await db.raw('select pause_ms from tidemark.inbox_pauses order by external_id')).rows.map(
    (row: { pause_ms: number }) => row.pause_ms,
  );
const afterwards = `clock_timestamp() + interval '3900 milliseconds'`;
const isDue = `clock_timestamp() - interval '1 millisecond'`;

test('what comes just after an answer is gathered, what is about others is not', async () => {
  await answer('hot', 'cold');
  expect(await gatheredForMs(db, target, [])).toBe(null);
  await endAt(afterwards);
  await store('hot', 'hot', 'other');
  expect(await claimOpenIds(db, target, 10)).toEqual(['other']);
  const wait = await gatheredForMs(db, target, []);
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(3_900);
  // which the batch leaves out for now
  expect(await gatheredForMs(db, target, ['hot'])).toBe(null);
  expect(await gatheredForMs(db, { ...target, entity: 'donations' }, [])).toBe(null);
  await endAt(isDue);
  expect(await claimOpenIds(db, target, 10)).toEqual(['hot', 'other']);
  expect(await gatheredForMs(db, target, [])).toBe(null);
});

test('pauses grow while the burst lasts, up to a bound, and are short again after it', async () => {
  const grown: number[] = [];
  for (let time = 0; time < 7; time++) {
    await answer('hot');
    grown.push(...(await lengths()));
    await endAt(afterwards);
  }
  expect(grown).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  await endAt(`clock_timestamp() - interval '4 seconds'`);
  await answer('hot', 'cold');
  expect(await lengths()).toEqual([250, 250]);
});

test('an answer that ends no event makes nobody wait', async () => {
  await store('hot');
  expect(await finishEvents(db, target, ['hot', 'cold'], 0, 'updated')).toBe(0);
  expect(await lengths()).toEqual([]);
});

test('a clock that was set back makes nobody wait', async () => {
  await answer('hot');
  await store('hot');
  await endAt(`clock_timestamp() + interval '1 hour'`);
  expect(await claimOpenIds(db, target, 10)).toEqual(['hot']);
  expect(await gatheredForMs(db, target, [])).toBe(null);
});

test('pauses that are over for good are removed', async () => {
  await answer('a', 'b', 'c');
  const set = (id: string, until: string) =>
    db.raw(
      `update tidemark.inbox_pauses set until_at = clock_timestamp() + cast(? as interval) where external_id = ?`,
      [until, id],
    );
  await set('a', '-2 minutes');
  await set('b', '2 minutes');
  expect(await removeOldPauses(db)).toBe(2);
  expect(await removeOldPauses(db)).toBe(0);
  expect(await lengths()).toHaveLength(1);
});
