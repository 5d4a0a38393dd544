import type { Knex } from 'knex';

/** Values bound to a statement: by position, or by name. */
export type Bindings = readonly Knex.RawBinding[] | Readonly<Record<string, Knex.RawBinding>>;

/**
 * Runs one statement and returns its rows, typed by the caller, who wrote the SQL. Values are read as `columnTypes.ts` says:
 * `bigint` as a number, `timestamptz` as a Date, `numeric` as text.
 */
export async function query<Row>(db: Knex, sql: string, bindings: Bindings = []): Promise<Row[]> {
  const { rows } = await db.raw(sql, bindings as Knex.RawBinding[]);
  return rows;
}

/** The `id` column of what a statement returns. */
export async function queryIds(db: Knex, sql: string, bindings: Bindings = []): Promise<string[]> {
  return (await query<{ id: string }>(db, sql, bindings)).map(({ id }) => id);
}
