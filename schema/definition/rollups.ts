import { z } from 'zod';
import type { Column } from './columns';
import { identifier } from './identifier';
import { zone } from './zone';

const columnName = z.string().min(1);

/**
 * A table of figures by day that the engine computes from the rows of a connection, and keeps equal to them,
 * also where a webhook, an undo or a user in psql writes. A day is computed again as soon as one of its rows has changed; a day without rows has no row.
 * The table has `connection_id`, `day` and the columns of `sql`.
 * @example
 * {
 *   name: 'daily_sales',
 *   table: 'shop_daily_sales',
 *   inputs: { orders: { days: ['sold_at', 'refunded_at'] }, stores: { days: 'all' } },
 *   sql: `
 *     select o.store_id, s.name as store,
 *       count(*) filter (where o.sold_at_day = o.rollup_day) as orders,
 *       sum(o.total) filter (where o.sold_at_day = o.rollup_day) as sales
 *     from orders o left join stores s on s.external_id = o.store_id
 *     group by o.store_id, s.name`,
 *   key: ['store_id'],
 *   timeZone: 'connection',
 * }
 */
export const rollup = z.strictObject({
  /** The name in commands: at most 48 lower-case letters, digits and underscores, beginning with a letter. */
  name: identifier,
  /** The table in schema public, at most 50 characters. Default: `<connector>_<name>`. */
  table: identifier.optional(),
  /** The entities that `sql` reads, each with the columns that say to which days a row belongs: `{ orders: { days: ['sold_at'] } }`. Columns of a date or a time. A row belongs to the day of each of them. `days: 'all'` is for small tables that are joined in: a changed row has every day computed again. */
  inputs: z.record(
    z.string(),
    z.strictObject({
      /** Columns of a date or a time, or `all`. */
      days: z.union([z.literal('all'), z.array(columnName).min(1)]),
    }),
  ),
  /** A `select` that computes one day. Each input is a table by the name of its entity, with the live rows of that day: `external_id`, the columns of `row`, the day of each column as `<column>_day`, and the day that is computed as `rollup_day`. It may read nothing else, and not the present time: computed again, it must give the same. Figures must be exact: cast `double precision` to `numeric` before it is summed. */
  sql: z.string().min(1),
  /** Columns of `sql` in which the rows of one day differ. Without it, a day has one row. */
  key: z.array(identifier).default([]),
  /** The zone whose days are meant, for columns that hold an instant: a name such as `Europe/Berlin`, or `connection` for that of the connection. */
  timeZone: zone.default('connection'),
});

/** What an author writes. */
export type RollupInput = z.input<typeof rollup>;

/** One entity that a roll-up reads. */
export interface InputOfRollup {
  readonly entity: string;
  readonly table: string;
  /** what it may read of each row, next to `external_id` */
  readonly columns: readonly Column[];
  /** undefined: every day */
  readonly days: readonly Column[] | undefined;
}

/** A roll-up as the engine uses it. */
export interface Rollup {
  readonly connector: string;
  readonly name: string;
  readonly table: string;
  readonly inputs: readonly InputOfRollup[];
  readonly sql: string;
  readonly key: readonly string[];
  readonly timeZone: string;
}
