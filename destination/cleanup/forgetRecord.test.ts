import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { z } from 'zod';
import { retention } from '../../schema/definition/retention';
import { databaseOf, writtenEntity } from '../../test/support/writtenEntity';
import { rememberForgotten } from '../rows/forgotten';
import { lockEntity } from '../rows/lockEntity';
import { writeAnswers } from '../rows/writeAnswers';
import { setAside } from '../setAside/setAside';
import { forgetRecord } from './forgetRecord';
import { prune } from './retention';

/** What was asked before a record was erased, and is written afterwards. */
const entity = writtenEntity('people', z.object({ name: z.string() }));
const by = { actor: 'test', reason: 'asked to' };
let db: Knex;

beforeEach(async () => {
  db = await databaseOf(entity);
});
afterEach(() => db.destroy());

interface Said {
  readonly live?: readonly string[];
  readonly gone?: readonly string[];
  readonly bad?: readonly string[];
  /** seconds from now */
  readonly at: number;
}

async function write(...said: readonly Said[]) {
  const answers = said.map(({ live = [], gone = [], bad = [], at }) => ({
    sent: Date.now() + at * 1000,
    received: Date.now() + at * 1000 + 50,
    live: live.map((id) => ({
      id,
      version: '1011',
      row: { name: `name of ${id}` },
      raw: { id, name: `name of ${id}` },
    })),
    gone: gone.map((id) => ({ id, version: null })),
    setAside: bad.map((id) => ({ id, reason: 'invalid' as const, detail: 'no', raw: { name: `name of ${id}` } })),
  }));
  const context = { connectionId: 'c', entity, confirming: false, readLagMs: 10_000, writtenBy: 'run 1' };
  return (await writeAnswers(db, context, answers, { runId: null })).counts;
}

/** Until a session waits for a lock of this database. */
async function somebodyWaits(): Promise<void> {
  const sql = `select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`;
  while ((await db.raw(sql)).rows.length === 0) await sleep(10);
}

const kept = async () =>
  (await db('x_people').orderBy('external_id')).map(({ external_id, name }) => [external_id, name]);
const named = (...ids: string[]) => ids.map((id) => [id, `name of ${id}`]);
const forget = (id: string) => forgetRecord(db, 'c', entity, id, by);

test('a page that was under way does not bring the record back, nor its payload; all others of the page are written', async () => {
  await write({ live: ['a', 'b'], at: -60 });
  await forget('a');
  expect(await write({ live: ['a', 'b', 'c'], at: -30 }, { live: ['d'], bad: ['a', 'e'], at: -20 })).toMatchObject({
    ...{ inserted: 2, unchanged: 1, refused: 2, errors: 1 },
  });
  expect(await kept()).toEqual(named('b', 'c', 'd'));
  expect((await db('tidemark.set_aside')).map(({ external_id }) => external_id)).toEqual(['e']);
  expect(await db('tidemark.answers')).toEqual([]);
});

test('nor does one that waited for the lock while it was being erased; and what was set aside meanwhile ends', async () => {
  await write({ live: ['a'], at: -60 });
  const erasing = await db.transaction();
  await lockEntity(erasing, { connectionId: 'c', entity });
  const writing = write({ live: ['a', 'b'], at: -30 });
  await somebodyWaits();
  await erasing.raw('delete from x_people');
  await rememberForgotten(erasing, 'c', 'people', 'a');
  const bad = { id: 'b', reason: 'invalid' as const, detail: 'no', raw: {} };
  await setAside(erasing, { connectionId: 'c', entity: 'people' }, null, [bad]);
  await erasing.commit();
  expect(await writing).toMatchObject({ inserted: 1, refused: 1 });
  expect(await kept()).toEqual(named('b'));
  expect(await db('tidemark.set_aside').whereNull('cleared_at')).toEqual([]);
});

test('that it is gone is not remembered, whenever that was asked', async () => {
  await write({ live: ['a'], at: -60 });
  await forget('a');
  expect(await write({ gone: ['a', 'b'], at: -30 })).toMatchObject({ refused: 1, unchanged: 1 });
  expect(await write({ gone: ['a'], at: 30 })).toMatchObject({ refused: 0, unchanged: 1 });
  expect(await kept()).toEqual([['b', null]]);
});

test('what the source shows afterwards is written, and is deleted again when it is gone', async () => {
  await write({ live: ['a'], at: -60 });
  await forget('a');
  expect(await write({ live: ['a'], at: 30 })).toMatchObject({ inserted: 1 });
  expect(await kept()).toEqual(named('a'));
  expect(await write({ live: ['a'], at: -10 })).toMatchObject({ refused: 1 });
  expect(await write({ gone: ['a'], at: 60 })).toMatchObject({ deleted: 1 });
  await forget('a');
  expect(await write({ live: ['a'], at: 90 }, { gone: ['a'], at: 120 })).toMatchObject({ inserted: 1, deleted: 1 });
});

test('its id is kept for a day', async () => {
  await write({ live: ['a', 'b'], at: -60 });
  await forget('a');
  await db.raw(`update tidemark.forgotten set at = at - interval '25 hours'`);
  await forget('b');
  expect(await prune(db, retention.parse({}))).toMatchObject({ forgotten: 1 });
  expect((await db('tidemark.forgotten')).map(({ external_id }) => external_id)).toEqual(['b']);
});
