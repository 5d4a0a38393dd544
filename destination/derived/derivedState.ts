import type { Knex } from 'knex';
import type { Connector } from '../../schema/definition/connector';
import { referenceName } from './references/keys';

/** Keeps, for who looks, why what is derived from the rows of a connector could not be made or computed. */
export async function noteFailure(db: Knex, { name, rollups, references }: Connector, message: string): Promise<void> {
  await db.raw(
    /* sql */ `
    insert into tidemark.rollups (rollup, connector, error, failed_at)
    select rollup, ?, ?, clock_timestamp() from unnest(cast(? as text[])) as n(rollup)
    on conflict (rollup) do update set error = excluded.error, failed_at = excluded.failed_at`,
    [name, message.slice(0, 500), rollups.map(({ table }) => table)],
  );
  await db.raw(
    /* sql */ `
    insert into tidemark.reference_columns (reference, connector, error, failed_at)
    select reference, ?, ?, clock_timestamp() from unnest(cast(? as text[])) as n(reference)
    on conflict (reference) do update set error = excluded.error, failed_at = excluded.failed_at`,
    [name, message.slice(0, 500), references.map(referenceName)],
  );
}
