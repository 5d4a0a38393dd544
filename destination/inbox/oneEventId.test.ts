import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { atEnd } from '../../test/environment/atEnd';
import { createConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { type InboxEvent, storeEvents } from './inbox';

/** Sources exist that give one id to deliveries about different records. */
let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url, { poolSize: 4 });
  atEnd(() => db.destroy());
  await createConnection(db, { id: 'demo', connector: 'acme', settings: {} });
});
beforeEach(() => db.raw('truncate tidemark.inbox'));

const event = (changes: Partial<InboxEvent> = {}): InboxEvent => ({
  connectionId: 'demo',
  eventId: 'e1',
  type: 'changed',
  entity: 'people',
  id: '1',
  headers: {},
  body: '{"id":1}',
  ...changes,
});
const kept = async () => (await db.raw('select count(*) as kept from tidemark.inbox')).rows[0].kept;

test.each<[string, Partial<InboxEvent>]>([
  ['another record', { id: '2' }],
  ['another entity', { entity: 'donations' }],
  ['the same record with another body', { body: '{"id":1,"again":true}' }],
  ['an entity that the connector does not know', { entity: null, id: null }],
])('an event of the same id about %s is kept as well', async (_what, changes) => {
  expect(await storeEvents(db, [event(), event(changes)])).toMatchObject({ stored: 2, duplicates: 0 });
  await db.raw('truncate tidemark.inbox');
  await storeEvents(db, [event()]);
  expect(await storeEvents(db, [event(changes)])).toMatchObject({ stored: 1, duplicates: 0 });
  expect(await kept()).toBe(2);
});

test('the same delivery again is a duplicate, also one about a very long id', async () => {
  const long = event({ id: '\u{1F6DF}'.repeat(500), body: 'x'.repeat(100_000) });
  await storeEvents(db, [event(), long]);
  expect(await storeEvents(db, [event(), long])).toMatchObject({ stored: 0, duplicates: 2 });
  expect(await kept()).toBe(2);
});
