import type { Knex } from 'knex';
import type { Connector } from '../../../schema/definition/connector';

/** Keeps, for who looks, why the roll-ups of a connector could not be made or computed. */
export async function noteFailure(db: Knex, { name, rollups }: Connector, message: string): Promise<void> {
  await db.raw(
    /* sql */ `
    insert into tidemark.rollups (rollup, connector, error, failed_at)
    select rollup, ?, ?, clock_timestamp() from unnest(cast(? as text[])) as n(rollup)
    on conflict (rollup) do update set error = excluded.error, failed_at = excluded.failed_at`,
    [name, message.slice(0, 500), rollups.map(({ table }) => table)],
  );
}
