import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { dailySales, figures, rebuilt, rollupOf, settle, shopDatabase, shopWith } from '../../../test/derived/shop';
import { ensureDerived } from '../ensureDerived';
import { recompute } from './recompute';

const shop = shopWith(dailySales);
const sales = rollupOf(shop);
let db: Knex;

beforeAll(async () => {
  db = await shopDatabase(shop);
});
afterAll(() => db.destroy());
beforeEach(async () => {
  await db.raw('truncate public.shop_orders, public.shop_stores');
  await settle(db, sales);
});

const sell = (id: string, soldAt: string, total: string, connection = 'a', by: Knex = db) =>
  by.raw(
    `insert into public.shop_orders (connection_id, external_id, sold_at, total, _origin) values (?, ?, ?, ?, 'source')`,
    [connection, id, soldAt, total],
  );

const marks = async () => {
  const { rows } = await db.raw(
    `select distinct connection_id || ' ' || day as mark from tidemark.rollup_marks order by mark`,
  );
  return rows.map(({ mark }: { mark: string }) => mark);
};

test('a day has the figures of its live rows, in the zone of the connection, and sums of money are exact', async () => {
  await sell('1', '2026-03-01T23:30:00Z', '0.1', 'a');
  await sell('2', '2026-03-02T12:00:00Z', '0.2', 'a');
  await sell('3', '2026-03-01T23:30:00Z', '5', 'b');
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-02,,2,0.3,0)', '(b,2026-03-01,,1,5,0)']);
});

test('a user who has changed a row of a roll-up and not committed keeps back that day, and no other', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '1');
  await settle(db, sales);
  await sell('2', '2026-03-01T12:00:00Z', '2');
  await sell('3', '2026-03-05T12:00:00Z', '5');
  const user = await db.transaction();
  await user.raw(`update public.${sales.table} set connection_id = connection_id where day = '2026-03-01'`);
  expect(await recompute(db, sales, () => false)).toMatchObject({ days: 1, failed: 1 });
  const { rows } = await db.raw('select error from tidemark.rollups');
  expect(rows).toEqual([{ error: 'a 2026-03-01: another transaction holds rows of it: end that, or wait' }]);
  await user.rollback();
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,2,3,0)', '(a,2026-03-05,,1,5,0)']);
});

test('a row counts on the day of each of its columns, and only there for what that column says', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await db.raw(`update public.shop_orders set refunded_on = '2026-03-09'`);
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,1,7,0)', '(a,2026-03-09,,0,,1)']);
});

test('a row that moves to another day leaves the day that it came from, which then has no row', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await settle(db, sales);
  await db.raw(`update public.shop_orders set sold_at = '2026-04-01T12:00:00Z'`);
  expect(await marks()).toEqual(['a 2026-03-01', 'a 2026-04-01']);
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-04-01,,1,7,0)']);
});

test('a soft delete, a revival, a delete and TRUNCATE are noticed', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await sell('2', '2026-03-01T12:00:00Z', '8');
  await settle(db, sales);
  const after = async (sql: string) => {
    await db.raw(sql);
    await settle(db, sales);
    return figures(db, sales);
  };
  expect(await after(`update public.shop_orders set deleted_at = now() where external_id = '1'`)).toEqual([
    '(a,2026-03-01,,1,8,0)',
  ]);
  expect(await after(`update public.shop_orders set deleted_at = null`)).toEqual(['(a,2026-03-01,,2,15,0)']);
  expect(await after(`delete from public.shop_orders where external_id = '2'`)).toEqual(['(a,2026-03-01,,1,7,0)']);
  expect(await after('truncate public.shop_orders')).toEqual([]);
});

test('a changed row of an input with days of all has every day of its connection computed again', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await sell('2', '2026-03-02T12:00:00Z', '8');
  await db.raw(`update public.shop_orders set store = 's'`);
  await db.raw(`insert into public.shop_stores (connection_id, external_id, name) values ('a', 's', 'Mitte')`);
  await settle(db, sales);
  await db.raw(`update public.shop_stores set name = 'Ost'`);
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,Ost,1,7,0)', '(a,2026-03-02,Ost,1,8,0)']);
});

test('a statement that changes nothing that counts marks nothing', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await settle(db, sales);
  await db.raw(`update public.shop_orders set _watermark_at = now(), synced_at = now()`);
  await db.raw(
    `insert into public.shop_orders (connection_id, external_id, sold_at, deleted_at) values ('a', '2', now(), now())`,
  );
  expect(await marks()).toEqual([]);
});

test('days in another zone after the zone of the connection was changed, whoever wrote meanwhile by the former one', async () => {
  await sell('1', '2026-03-01T23:30:00Z', '7', 'b');
  await settle(db, sales);
  const writer = await db.transaction();
  await sell('2', '2026-03-05T23:30:00Z', '8', 'b', writer);
  await db.raw(`update tidemark.connections set time_zone = 'Asia/Tokyo' where id = 'b'`);
  await settle(db, sales);
  await writer.commit();
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(b,2026-03-02,,1,7,0)', '(b,2026-03-06,,1,8,0)']);
  await db.raw(`update tidemark.connections set time_zone = 'America/Los_Angeles' where id = 'b'`);
});

test('changed SQL has everything computed again, also where the columns are others', async () => {
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await settle(db, sales);
  const other = shopWith({ ...dailySales, sql: 'select count(*) as orders from orders', key: [] });
  await ensureDerived(db, other);
  await settle(db, rollupOf(other));
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,1)']);
  await ensureDerived(db, shop);
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,1,7,0)']);
});

test('a roll-up that is no longer declared costs writers nothing, and one that is declared again is computed from the beginning', async () => {
  await ensureDerived(db, shopWith());
  await sell('1', '2026-03-01T12:00:00Z', '7');
  const { rows } = await db.raw(`select count(*)::int as triggers from pg_trigger where tgname like 'tidemark%'`);
  expect([rows[0].triggers, await marks()]).toEqual([0, []]);
  await ensureDerived(db, shop);
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,1,7,0)']);
});

test('rows that were there, or are being written, when a roll-up is declared count', async () => {
  await ensureDerived(db, shopWith());
  await sell('1', '2026-03-01T12:00:00Z', '7');
  const writer = await db.transaction();
  await sell('2', '2026-03-05T12:00:00Z', '8', 'a', writer);
  const installed = ensureDerived(db, shop);
  await db.raw(`do $$ begin loop
    exit when exists (select from pg_locks where not granted and relation = 'public.shop_orders'::regclass); perform pg_sleep(0.01);
  end loop; end $$`);
  await writer.commit();
  await installed;
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,1,7,0)', '(a,2026-03-05,,1,8,0)']);
});

test('a user whose role has no right to the engine’s tables may write', async () => {
  // roles belong to the server, which other tests use too
  const role = `downstream_${randomBytes(6).toString('hex')}`;
  await db.raw(`create role ${role}`);
  await db.raw(`grant insert on public.shop_orders to ${role}`);
  try {
    await db.transaction(async (trx) => {
      await trx.raw(`set local role ${role}`);
      await sell('1', '2026-03-01T12:00:00Z', '7', 'a', trx);
    });
    await settle(db, sales);
    expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,1,7,0)']);
  } finally {
    await db.raw(`drop owned by ${role}`);
    await db.raw(`drop role ${role}`);
  }
});

test('times that no zone can be applied to belong to no day, and are written', async () => {
  await sell('1', 'infinity', '1');
  await sell('2', '294276-12-31 23:59:59+00', '2');
  await sell('3', '4713-01-01 00:00:00+00 BC', '3');
  await sell('4', '2026-03-01T12:00:00Z', '4');
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-03-01,,1,4,0)']);
});

test('a day that PostgreSQL refuses is passed over, stays marked, and is computed once it can be', async () => {
  await db.raw(
    `insert into public.shop_stores (connection_id, external_id, name) values ('a', 's1', 'Mitte'), ('a', 's2', 'Ost')`,
  );
  await sell('1', '2026-03-01T12:00:00Z', '7');
  await sell('2', '2026-03-02T12:00:00Z', '8');
  const fragile = shopWith({ ...dailySales, sql: 'select 7 / (sum(total) - 8) as rate from orders', key: [] });
  const rate = rollupOf(fragile);
  await ensureDerived(db, fragile);
  await expect(settle(db, rate)).rejects.toThrow('1 days failed');
  expect(await marks()).toEqual(['a 2026-03-02']);
  const { rows } = await db.raw('select error from tidemark.rollups');
  expect(rows[0].error).toBe('a 2026-03-02: division by zero');
  await db.raw('update public.shop_orders set total = 9');
  await settle(db, rate);
  expect((await figures(db, rate)).length).toBe(2);
  await ensureDerived(db, shop);
});

test('a rebuild from nothing gives the same rows', async () => {
  for (let i = 0; i < 30; i++) await sell(`${i}`, `2026-03-${10 + (i % 9)}T12:00:00Z`, `0.${i}1`, i % 2 ? 'a' : 'b');
  await settle(db, sales);
  const before = await figures(db, sales);
  expect(before.length).toBe(18);
  expect(await rebuilt(db, sales)).toEqual(before);
});
