import type { Knex } from 'knex';

export interface DatabaseFacts {
  /** of the server: 140005 for 14.5 */
  readonly number: number;
  readonly version: string;
  readonly name: string;
  /** for people: `12 MB` */
  readonly size: string;
  readonly encoding: string;
}

/** The server and the database that a connection leads to. */
export async function aboutDatabase(db: Knex): Promise<DatabaseFacts> {
  const { rows } = await db.raw(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
       current_database() as name, pg_size_pretty(pg_database_size(current_database())) as size,
       current_setting('server_encoding') as encoding`,
  );
  return rows[0];
}

/** How many milliseconds PostgreSQL's clock is ahead of this machine's; negative: behind. */
export async function clockAhead(db: Knex): Promise<number> {
  // the first statement may have to connect
  await db.raw('select 1');
  const before = Date.now();
  const { rows } = await db.raw('select clock_timestamp() as now');
  return Math.round(rows[0].now.getTime() - (before + Date.now()) / 2);
}
