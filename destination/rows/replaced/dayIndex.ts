import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { withRetry } from '../../database/destinationError';
import { quote } from '../../database/identifiers';
import { tableName } from '../format/rowFormat';

/** Makes the index by which the live rows of a day are found, for an entity whose days are replaced; its table exists. */
export async function ensureDayIndex(db: Knex, entity: ConnectorEntity): Promise<void> {
  if (entity.replaced === undefined) return;
  const name = `${entity.table}_by_day`;
  const { rows } = await db.raw('select to_regclass(?) is not null as known', [quote('public', name)]);
  if (rows[0].known) return;
  await withRetry(() =>
    db.transaction(async (trx) => {
      await trx.raw(`select set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(hashtextextended(?, 1))`, [
        `table ${entity.table}`,
      ]);
      await trx.raw(
        `create index if not exists ${quote(name)} on ${tableName(entity)} (connection_id, ${quote(entity.replaced?.day ?? '')}) where deleted_at is null`,
      );
    }),
  );
}
