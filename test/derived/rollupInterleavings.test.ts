import fc from 'fast-check';
import type { Knex } from 'knex';
import { recompute } from '../../destination/derived/rollups/recompute';
import { search, searchTimeout } from '../support/search';
import { dailySales, figures, rebuilt, rollupOf, settle, shopDatabase, shopWith } from './shop';

/**
 * Two writers, each with a transaction of its own that is open as long as it likes, and a recomputer between any two of their statements. Each writes rows of
 * its own, so that neither waits for the other: marks are what they have in common.
 */
const shop = shopWith(dailySales);
const sales = rollupOf(shop);
const zones = ['Europe/Berlin', 'Asia/Tokyo', 'America/Los_Angeles'];

type Step = Written | Other;

type Written =
  | { readonly do: 'write'; readonly writer: 0 | 1; readonly row: number; readonly day: number; readonly total: number }
  | { readonly do: 'refund' | 'hide' | 'show' | 'delete'; readonly writer: 0 | 1; readonly row: number }
  | { readonly do: 'store'; readonly writer: 0 | 1; readonly total: number };

type Other =
  | { readonly do: 'commit'; readonly writer: 0 | 1 }
  | { readonly do: 'roll back'; readonly writer: 0 | 1 }
  | Beside;

type Beside = { readonly do: 'zone'; readonly zone: number } | { readonly do: 'compute' | 'begin to compute' };

const writer = fc.constantFrom(0 as const, 1 as const);
const row = fc.nat(2);
const total = fc.nat(99);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), writer, row, day: fc.nat(3), total }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('refund', 'hide', 'show', 'delete' as const), writer, row }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('store' as const), writer, total }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('roll back' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('zone' as const), zone: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('compute' as const, 'begin to compute' as const) }) },
);

let db: Knex;
beforeAll(async () => {
  db = await shopDatabase(shop);
});
afterAll(() => db.destroy());

test(
  'whatever two writers and a recomputer do at once, the figures are those of the rows in the end, and of a rebuild',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        await db.raw('truncate public.shop_orders, public.shop_stores');
        await settle(db, sales);
        await play(steps);
        await settle(db, sales);
        const found = await figures(db, sales);
        expect(found).toEqual(await expected());
        expect(await rebuilt(db, sales)).toEqual(found);
      }),
      search(30),
    );
  },
  searchTimeout(180_000),
);

async function play(steps: readonly Step[]): Promise<void> {
  const open: [Knex.Transaction | undefined, Knex.Transaction | undefined] = [undefined, undefined];
  const end = async (which: 0 | 1, how: 'commit' | 'rollback') => {
    await open[which]?.[how]();
    open[which] = undefined;
  };
  try {
    for (const one of steps) {
      if (!('writer' in one)) await beside(one);
      else if (one.do === 'commit') await end(one.writer, 'commit');
      else if (one.do === 'roll back') await end(one.writer, 'rollback');
      else {
        open[one.writer] ??= await db.transaction();
        await write(open[one.writer] as Knex.Transaction, one);
      }
    }
    await end(0, 'commit');
    await end(1, 'commit');
  } finally {
    await end(0, 'rollback');
    await end(1, 'rollback');
  }
}

async function beside(one: Beside): Promise<void> {
  if (one.do === 'zone')
    await db.raw(`update tidemark.connections set time_zone = ? where id = 'a'`, [zones[one.zone] ?? 'UTC']);
  else if (one.do === 'compute') await settle(db, sales);
  // as one that is killed between two days
  else await recompute(db, sales, once());
}

function once(): () => boolean {
  let asked = 0;
  return () => ++asked > 2;
}

async function write(trx: Knex.Transaction, one: Written): Promise<void> {
  if (one.do === 'store') {
    await trx.raw(
      `insert into public.shop_stores (connection_id, external_id, name) values ('a', ?, ?)
       on conflict (connection_id, external_id) do update set name = excluded.name`,
      [`s${one.writer}`, `store ${one.total % 3}`],
    );
    return;
  }
  const id = `${one.writer}-${one.row}`;
  const mine = `where connection_id = 'a' and external_id = ?`;
  switch (one.do) {
    case 'write':
      await trx.raw(
        `insert into public.shop_orders (connection_id, external_id, sold_at, total, store) values ('a', ?, ?, ?, ?)
         on conflict (connection_id, external_id) do update set sold_at = excluded.sold_at, total = excluded.total, store = excluded.store`,
        // the stores of both writers, near midnight somewhere
        [id, `2026-03-0${1 + one.day}T${one.total % 2 ? '23:30' : '06:30'}:00Z`, `${one.total}.1`, `s${one.total % 3}`],
      );
      return;
    case 'refund':
      await trx.raw(`update public.shop_orders set refunded_on = '2026-03-02' ${mine}`, [id]);
      return;
    case 'hide':
      await trx.raw(`update public.shop_orders set deleted_at = now() ${mine}`, [id]);
      return;
    case 'show':
      await trx.raw(`update public.shop_orders set deleted_at = null ${mine}`, [id]);
      return;
    case 'delete':
      await trx.raw(`delete from public.shop_orders ${mine}`, [id]);
  }
}

/** Computed apart from the engine. */
async function expected(): Promise<readonly string[]> {
  const { rows } = await db.raw(/* sql */ `
    with live as (
      select o.*, (o.sold_at at time zone c.time_zone)::date as sold_on, s.name
      from public.shop_orders o join tidemark.connections c on c.id = o.connection_id
      left join public.shop_stores s on s.connection_id = o.connection_id and s.external_id = o.store and s.deleted_at is null
      where o.deleted_at is null
    ), days as (select connection_id, sold_on as day from live where sold_on is not null union select connection_id, refunded_on from live where refunded_on is not null)
    select (d.connection_id, d.day, l.name, count(*) filter (where l.sold_on = d.day), sum(l.total) filter (where l.sold_on = d.day),
      count(*) filter (where l.refunded_on = d.day))::text as row
    from days d join live l on l.connection_id = d.connection_id and (l.sold_on = d.day or l.refunded_on = d.day)
    group by d.connection_id, d.day, l.name`);
  return rows.map(({ row: text }: { row: string }) => text).sort();
}

test('two recomputers at once compute each day once, and neither fails', async () => {
  await db.raw('truncate public.shop_orders, public.shop_stores');
  await db.raw(`insert into public.shop_orders (connection_id, external_id, sold_at, total)
    select 'a', 'r' || i, timestamptz '2026-01-01' + i * interval '7 hours', i / 100.0 from generate_series(1, 100) i`);
  const both = await Promise.all([recompute(db, sales, () => false), recompute(db, sales, () => false)]);
  expect(both.map(({ failed }) => failed)).toEqual([0, 0]);
  const { rows } = await db.raw('select count(*)::int as left from tidemark.rollup_marks');
  expect(rows[0].left).toBe(0);
  expect(await figures(db, sales)).toEqual(await expected());
});

test('a recomputer that is killed after it took the marks leaves them', async () => {
  await db.raw('truncate public.shop_orders, public.shop_stores');
  await settle(db, sales);
  await db.raw(
    `insert into public.shop_orders (connection_id, external_id, sold_at, total) values ('a', '1', '2026-01-01T12:00:00Z', 7)`,
  );
  // it waits for the row that it has to delete until its connection ends
  await db.raw(
    `insert into public.shop_daily_sales (connection_id, day, sold, refunded) values ('a', '2026-01-01', 9, 9)`,
  );
  const holder = await db.transaction();
  await holder.raw('select from public.shop_daily_sales for update');
  const killed = recompute(db, sales, () => false).catch((error: unknown) => error);
  await db.raw(`do $$ declare waiting int; begin loop
    select pid into waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'delete from public.%';
    if waiting is not null then perform pg_terminate_backend(waiting); exit; end if;
    perform pg_stat_clear_snapshot(); perform pg_sleep(0.01);
  end loop; end $$`);
  expect(await killed).toMatchObject({ type: 'DestinationUnavailable' });
  await holder.rollback();
  await settle(db, sales);
  expect(await figures(db, sales)).toEqual(['(a,2026-01-01,,1,7,0)']);
});
