import type { Knex } from 'knex';
import { type TestDatabase, testDatabase } from '../../test/environment';
import { createConnection, enableConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { claimOpenIds, finishEvents, type InboxEvent, openTargets, storeEvents } from './inbox';
import { inboxCounts, parkEvents } from './inboxCare';
import { reopenEvents } from './inboxEvents';

const target = { connectionId: 'demo', entity: 'people' };

let database: TestDatabase;
const by = { actor: 'test', reason: 'the source is well again' };

let db: Knex;
beforeAll(async () => {
  database = await testDatabase();
  db = connectDatabase(database.url);
  for (const id of ['demo', 'other']) await createConnection(db, { id, connector: 'church', settings: {} });
});
beforeEach(() => db.raw('truncate tidemark.inbox, tidemark.inbox_pauses'));
afterAll(() => db.destroy());

const event = (eventId: string, id: string | null, change: Partial<InboxEvent> = {}): InboxEvent => ({
  connectionId: 'demo',
  eventId,
  type: 'person.updated',
  entity: 'people',
  id,
  headers: { 'content-type': 'application/json' },
  body: `{"id":"${id}"}`,
  ...change,
});

/** PostgreSQL's time, in whole milliseconds that have passed for certain */
async function databaseNow(): Promise<number> {
  await db.raw('select pg_sleep(0.002)');
  const { rows } = await db.raw('select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now');
  return rows[0].now;
}

test('an event delivered fifty times in parallel is stored once', async () => {
  const results = await Promise.all(Array.from({ length: 50 }, () => storeEvents(db, [event('e1', '7')])));
  expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(1);
  expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(49);
  expect(await claimOpenIds(db, target, 10)).toEqual(['7']);
});

test('many events are stored with one statement, each told apart', async () => {
  const events = [event('a', '1'), event('a', '1'), event('b', '2'), event('c', '3', { connectionId: 'removed' })];
  expect(await storeEvents(db, events)).toEqual({ stored: 2, duplicates: 1, unknownConnections: ['removed'] });
  expect(await storeEvents(db, [event('b', '2'), event('a', '1', { connectionId: 'other' })])).toEqual({
    stored: 1,
    duplicates: 1,
    unknownConnections: [],
  });
  expect(await storeEvents(db, [])).toEqual({ stored: 0, duplicates: 0, unknownConnections: [] });
});

test('the commit waits for the disk, whatever the database’s default is', async () => {
  await db.raw(`create table commits (setting text);
    create function note_commit() returns trigger language plpgsql
      as $$ begin insert into commits values (current_setting('synchronous_commit')); return null; end $$;
    create constraint trigger note_commit after insert on tidemark.inbox deferrable initially deferred
      for each row execute function note_commit()`);
  try {
    const lazy = connectDatabase(`${database.url}?options=${encodeURIComponent('-c synchronous_commit=off')}`);
    await storeEvents(lazy, [event('e1', '7')]).finally(() => lazy.destroy());
    expect((await db.raw('select setting from commits')).rows).toEqual([{ setting: 'on' }]);
  } finally {
    await db.raw('drop trigger note_commit on tidemark.inbox');
  }
});

test('what names nothing to fetch is kept, done, and never driven', async () => {
  await storeEvents(db, [
    event('unknown', '1', { entity: null }),
    event('nameless', null),
    event('unstorable', 'a\0b', { body: 'broken \0 \ud800 body', headers: { 'x-\0': '\0' } }),
  ]);
  const { rows } = await db.raw(
    'select event_id, done_at is not null as done, outcome, detail, body from tidemark.inbox order by event_id',
  );
  expect(rows).toEqual([
    {
      event_id: 'nameless',
      done: true,
      outcome: 'ignored',
      detail: expect.stringContaining('no record'),
      body: '{"id":"null"}',
    },
    {
      event_id: 'unknown',
      done: true,
      outcome: 'ignored',
      detail: expect.stringContaining('type of event'),
      body: '{"id":"1"}',
    },
    {
      event_id: 'unstorable',
      done: true,
      outcome: 'ignored',
      detail: expect.stringContaining('cannot store'),
      body: 'broken \uFFFD \uFFFD body',
    },
  ]);
  expect(await openTargets(db, 10)).toEqual([]);
  expect(await reopenEvents(db, { connectionId: 'demo' }, by)).toEqual([]);
});

test('an event ends only by an answer sent after it was received', async () => {
  await storeEvents(db, [event('e1', '7'), event('e2', '8')]);
  const sent = await databaseNow();
  await storeEvents(db, [event('e3', '7')]);
  expect(await finishEvents(db, target, ['7', '9', 'x\0'], sent, 'updated')).toBe(1);
  await db.raw('truncate tidemark.inbox_pauses');
  expect(await claimOpenIds(db, target, 10)).toEqual(['8', '7']);
  expect(await finishEvents(db, { ...target, entity: 'donations' }, ['7', '8'], await databaseNow(), 'updated')).toBe(
    0,
  );
  expect(await finishEvents(db, target, ['7', '8'], await databaseNow(), 'unchanged')).toBe(2);
  expect(await finishEvents(db, target, ['7', '8'], await databaseNow(), 'unchanged')).toBe(0);
  const { rows } = await db.raw('select event_id, outcome from tidemark.inbox order by event_id');
  expect(rows.map((row: { outcome: string }) => row.outcome)).toEqual(['updated', 'unchanged', 'unchanged']);
});

test('an event is done in the transaction that writes the answer, or not at all', async () => {
  await storeEvents(db, [event('e1', '7')]);
  const sent = await databaseNow();
  await expect(
    db.transaction(async (tx) => {
      await finishEvents(tx, target, ['7'], sent, 'updated');
      throw new Error('the write failed');
    }),
  ).rejects.toThrow('the write failed');
  expect(await claimOpenIds(db, target, 10)).toEqual(['7']);
});

test('who has waited longest comes first; connections that are switched off wait', async () => {
  await storeEvents(db, [event('1', 'late', { connectionId: 'other', entity: 'donations' })]);
  await storeEvents(db, [event('2', 'b')]);
  await storeEvents(db, [event('3', 'a'), event('4', 'a')]);
  await storeEvents(db, [event('5', 'b')]);
  expect(await claimOpenIds(db, target, 10)).toEqual(['b', 'a']);
  expect(await claimOpenIds(db, target, 1)).toEqual(['b']);
  expect(await openTargets(db, 10)).toEqual([
    { connectionId: 'other', entity: 'donations', records: 1, events: 1, oldest: expect.any(Date) },
    { connectionId: 'demo', entity: 'people', records: 2, events: 4, oldest: expect.any(Date) },
  ]);
  await enableConnection(db, 'other', false);
  expect((await openTargets(db, 10)).map(({ connectionId }) => connectionId)).toEqual(['demo']);
  await enableConnection(db, 'other', true);
  expect(await openTargets(db, 1)).toHaveLength(1);
});

test('parked events hold up nobody, are counted, and can be replayed', async () => {
  await storeEvents(db, [event('1', 'bad'), event('2', 'good')]);
  expect(await parkEvents(db, target, ['bad'], await databaseNow(), 'the source answers 500 for it')).toBe(1);
  expect(await claimOpenIds(db, target, 10)).toEqual(['good']);
  expect(await inboxCounts(db)).toEqual([{ ...target, open: 1, oldest: expect.any(Date), parked: 1 }]);
  const beforeReplay = await databaseNow();
  expect(await reopenEvents(db, { connectionId: 'demo', recordId: 'bad', state: 'parked' }, by)).toEqual([
    { ...target, events: 1, records: 1, enabled: true },
  ]);
  expect(await inboxCounts(db, 'demo')).toEqual([{ ...target, open: 2, oldest: expect.any(Date), parked: 0 }]);
  expect(await inboxCounts(db, 'other')).toEqual([]);
  // an answer that was on its way before the replay does not end it
  expect(await finishEvents(db, target, ['bad'], beforeReplay, 'updated')).toBe(0);
  expect(await finishEvents(db, target, ['bad'], await databaseNow(), 'updated')).toBe(1);
});

test('a PostgreSQL that does not answer in time is an error to answer 503 to', async () => {
  const locker = await db.transaction();
  try {
    await locker.raw('lock table tidemark.inbox');
    await expect(storeEvents(db, [event('e1', '7')], 50)).rejects.toMatchObject({ type: 'DestinationUnavailable' });
  } finally {
    await locker.rollback();
  }
  const gone = connectDatabase('postgres://user:hunter2@127.0.0.1:1/x');
  await expect(storeEvents(gone, [event('e1', '7')])).rejects.toMatchObject({ type: 'DestinationUnavailable' });
  await gone.destroy();
});
