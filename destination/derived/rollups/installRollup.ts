import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Rollup } from '../../../schema/definition/rollups';
import { withRetry } from '../../database/destinationError';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import { checkRollup } from './checkRollup';
import { ensureRollupTable } from './rollupTable';

/**
 * Makes the table of a roll-up, and marks all its days if it is new or its definition has changed. Safe to call from several processes at once.
 * Throws TidemarkError 'Usage' for a mistake in its SQL, 'DestinationIncompatible' for a table that is not the engine's.
 */
export async function installRollup(db: Knex, rollup: Rollup): Promise<void> {
  const version = versionOf(rollup);
  if (await isCurrent(db, rollup, version)) return;
  const columns = await checkRollup(db, rollup);
  await withRetry(() =>
    db.transaction(async (trx) => {
      await trx.raw(`select set_config('lock_timeout', '5s', true)`);
      await lockRollup(trx, rollup);
      if (await isCurrent(trx, rollup, version)) return;
      await ensureRollupTable(trx, rollup, columns);
      await trx.raw(
        `insert into tidemark.rollups (rollup, connector, version) values (?, ?, ?)
         on conflict (rollup) do update set connector = excluded.connector, version = excluded.version`,
        [rollup.table, rollup.connector, version],
      );
      await markAll(trx, rollup.table);
    }),
  );
}

/** Held, until its transaction ends, by who computes a roll-up. In a statement of its own: the next one sees what was committed before. */
export async function lockRollup(trx: Knex.Transaction, { table }: Pick<Rollup, 'table'>): Promise<void> {
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 1))', [`rollup ${table}`]);
}

/** Has every day of a roll-up computed again, of one connection or of all. */
export async function markAll(trx: Knex, table: string, connectionId: string | null = null): Promise<void> {
  await trx.raw('insert into tidemark.rollup_marks (rollup, connection_id) values (?, ?)', [table, connectionId]);
}

function versionOf(rollup: Rollup): string {
  return createHash('sha256').update(JSON.stringify(rollup)).digest('hex');
}

async function isCurrent(db: Knex, { table }: Rollup, version: string): Promise<boolean> {
  const [found] = await query<{ current: boolean }>(
    db,
    `select version is not distinct from ? and to_regclass(?) is not null as current from tidemark.rollups where rollup = ?`,
    [version, `public.${quote(table)}`, table],
  );
  return found?.current ?? false;
}
