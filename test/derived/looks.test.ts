import type { Knex } from 'knex';
import { showOrphans } from '../../clients/operations/work/orphans';
import { rebuild, showFigures, showRollups } from '../../clients/operations/work/rollups';
import { clubDatabase, clubWith, referenceOf, resolveAll, toCustomer } from './club';
import { figures, rollupOf, settle } from './shop';

const club = clubWith(toCustomer);
const rollup = rollupOf(club);
const by = { actor: 'test', reason: 'rows were restored without triggers' };
let db: Knex;
const context = () => ({ db, connectors: async () => [club] });

beforeAll(async () => {
  db = await clubDatabase(club);
  await db.raw(`insert into public.club_customers (connection_id, external_id, email)
    values ('a', '1', 'ann@x.org'), ('a', '2', 'ann@x.org'), ('a', '3', 'bob@x.org')`);
  await db.raw(`insert into public.club_bookings (connection_id, external_id, booked_on, customer_id, email) values
    ('a', 'b1', '2026-03-01', null, 'ann@x.org'), ('a', 'b2', '2026-03-01', 3, null), ('a', 'b3', '2026-03-02', 7, null),
    ('a', 'b4', '2026-03-03', null, null), ('b', 'b5', '2026-03-03', 7, null)`);
});
afterAll(() => db.destroy());

test('rows orphans counts rows that refer to nothing or to several, and shows the ids of both sides', async () => {
  const shown = async () =>
    (await showOrphans(context(), { connection: 'a', entity: 'bookings', limit: 10 })).references;
  const unresolved = { column: 'customer', to: 'customers', referring: 3, orphans: 1, ambiguous: 1 };
  const samples = [
    { id: 'b1', matches: ['1', '2'] },
    { id: 'b3', matches: [] },
  ];
  expect(await shown()).toEqual([{ ...unresolved, found: 0, pending: 1, samples }]);
  await resolveAll(db, referenceOf(club));
  expect(await shown()).toEqual([{ ...unresolved, found: 1, pending: 0, samples }]);
  await expect(showOrphans(context(), { connection: 'a', entity: 'customers', limit: 10 })).rejects.toMatchObject({
    type: 'Usage',
  });
});

test('rollups shows how many days wait, and rebuild has every day computed again, with its reason in the audit', async () => {
  const shown = async () => (await showRollups(context())).rollups[0];
  const pending = (await shown())?.pending;
  expect(pending).toBeGreaterThan(0);
  await settle(db, rollup);
  expect(await shown()).toMatchObject({ rollup: 'club_daily_customers', connector: 'club', pending: 0, error: null });
  const before = await figures(db, rollup);
  expect(before).toEqual(['(a,2026-03-01,2,1)', '(a,2026-03-02,1,0)', '(a,2026-03-03,1,0)', '(b,2026-03-03,1,0)']);

  await db.transaction(async (trx) => {
    await trx.raw('set local session_replication_role = replica');
    await trx.raw(`delete from public.club_bookings where external_id = 'b3'`);
  });
  await settle(db, rollup);
  expect(await figures(db, rollup)).toEqual(before);
  expect(await rebuild(context(), { rollup: rollup.table, connection: 'a' }, by)).toEqual({
    rollup: rollup.table,
    connectionId: 'a',
  });
  expect(await shown()).toMatchObject({ pending: 1 });
  await settle(db, rollup);
  expect(await figures(db, rollup)).toEqual(before.filter((row) => !row.includes('2026-03-02')));
  const { rows } = await db.raw(`select action, connection_id, reason from tidemark.audit`);
  expect(rows).toEqual([{ action: 'rollups rebuild', connection_id: 'a', reason: by.reason }]);
});

test('rollups show has the figures of the asked days, the newest first, as exact numbers', async () => {
  await settle(db, rollup);
  const shown = (asked: object) => showFigures(context(), { rollup: rollup.table, limit: 31, ...asked });
  const days = async (asked: object) =>
    (await shown(asked)).figures.map(({ connectionId, day }) => `${connectionId} ${day}`);
  const all = await days({});
  const dates = all.map((one) => one.slice(2));
  expect(dates).toEqual([...dates].sort().reverse());
  expect(all).toContain('b 2026-03-03');
  expect(await days({ connection: 'b' })).toEqual(['b 2026-03-03']);
  expect(await days({ connection: 'a', from: '2026-03-02', to: '2026-03-02' })).toEqual([]);
  expect(await shown({ connection: 'a', to: '2026-03-01' })).toMatchObject({
    ...{ pending: 0, more: false, computedAt: expect.any(Date) },
    figures: [{ connectionId: 'a', day: '2026-03-01', values: { bookings: 2, customers: 1 } }],
  });
  expect(await shown({ limit: 1 })).toMatchObject({ more: true, figures: [expect.anything()] });
  await expect(shown({ from: '2026-02-30' })).rejects.toThrow('from: there is no day 2026-02-30');
});

test('a roll-up that nobody declares is not found, with those that are', async () => {
  await expect(rebuild(context(), { rollup: 'daily' }, by)).rejects.toThrow('The connectors of connections declare');
});
