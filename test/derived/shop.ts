import type { Knex } from 'knex';
import { z } from 'zod';
import { connectDatabase } from '../../destination/database/database';
import { ensureDerived } from '../../destination/derived/ensureDerived';
import { recompute } from '../../destination/derived/rollups/recompute';
import { ensureTable } from '../../destination/rows/tables';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { Rollup, RollupInput } from '../../schema/definition/rollups';
import { testDatabase } from '../environment';

const unread = {
  key: 'id',
  map: () => {
    throw new Error('nothing is read in this test');
  },
  listings: { all: { path: '/', paging: { scheme: 'none' } } },
  supportsWebhooks: false,
} as const;

export const orders = defineEntity({
  ...unread,
  name: 'orders',
  row: z.object({
    sold_at: z.iso.datetime().nullable(),
    refunded_on: z.iso.date().nullable(),
    store: z.string().nullable(),
    total: z.string().meta({ column: 'numeric' }).nullable(),
  }),
});

export const stores = defineEntity({ ...unread, name: 'stores', row: z.object({ name: z.string().nullable() }) });

/** Sales by store on the day of the sale, refunds on the day of the refund. */
export const dailySales: RollupInput = {
  name: 'daily_sales',
  inputs: { orders: { days: ['sold_at', 'refunded_on'] }, stores: { days: 'all' } },
  sql: `select s.name as store,
      count(*) filter (where o.sold_at_day = o.rollup_day) as sold,
      sum(o.total) filter (where o.sold_at_day = o.rollup_day) as sales,
      count(*) filter (where o.refunded_on_day = o.rollup_day) as refunded
    from orders o left join stores s on s.external_id = o.store
    group by s.name`,
  key: ['store'],
};

/** A connector `shop` with these roll-ups, whose source is never asked. */
export function shopWith(...rollups: RollupInput[]): Connector {
  return defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.string() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [orders, stores],
    rollups,
  });
}

/** A database with connections `a` (Berlin) and `b` (Los Angeles) of a shop, its tables and what it derives. Destroy it afterwards. */
export async function shopDatabase(shop: Connector): Promise<Knex> {
  const db = connectDatabase((await testDatabase()).url);
  await db.raw(`insert into tidemark.connections (id, connector, settings, time_zone)
    values ('a', 'shop', '{}', 'Europe/Berlin'), ('b', 'shop', '{}', 'America/Los_Angeles')`);
  for (const entity of shop.entities.values()) await ensureTable(db, entity);
  await ensureDerived(db, shop);
  return db;
}

/** The only roll-up of a shop. */
export function rollupOf(shop: Connector): Rollup {
  const [rollup] = shop.rollups;
  if (rollup === undefined) throw new Error('the shop has no roll-up');
  return rollup;
}

/** Computes all that is marked. */
export async function settle(db: Knex, rollup: Rollup): Promise<void> {
  const { failed } = await recompute(db, rollup, () => false);
  if (failed > 0) throw new Error(`${failed} days failed`);
}

/** Every row of the roll-up, in order. */
export async function figures(db: Knex, { table }: Rollup): Promise<readonly string[]> {
  const { rows } = await db.raw(`select t::text as row from public.${table} t order by t::text collate "C"`);
  return rows.map(({ row }: { row: string }) => row);
}

/** The same after the table was emptied and everything computed from nothing. */
export async function rebuilt(db: Knex, rollup: Rollup): Promise<readonly string[]> {
  await db.raw(`delete from public.${rollup.table}`);
  await db.raw('insert into tidemark.rollup_marks (rollup) values (?)', [rollup.table]);
  await settle(db, rollup);
  return figures(db, rollup);
}
