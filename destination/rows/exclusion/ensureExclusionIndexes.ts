import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';
import { withRetry } from '../../database/destinationError';
import { excludingTable, exclusionIndex } from './excludedSql';

/**
 * Makes the indexes by which rows that exclude records of this entity are found; their tables exist. Each record that is written is looked
 * up there. Throws TidemarkError 'DestinationIncompatible' where a table that is not the engine's lacks a column that is compared.
 */
export async function ensureExclusionIndexes(db: Knex, entity: ConnectorEntity): Promise<void> {
  for (const by of entity.exclusions ?? []) {
    const index = exclusionIndex(by);
    if (index === undefined) {
      await assertReadable(db, entity, by);
      continue;
    }
    const { rows } = await db.raw('select to_regclass(?) is not null as known', [`public."${index.name}"`]);
    if (rows[0].known) continue;
    await withRetry(() =>
      db.transaction(async (trx) => {
        await trx.raw(`select set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(hashtextextended(?, 1))`, [
          `table ${by.table}`,
        ]);
        await trx.raw(index.sql);
      }),
    );
  }
}

type By = NonNullable<ConnectorEntity['exclusions']>[number];

async function assertReadable(db: Knex, entity: ConnectorEntity, by: By): Promise<void> {
  const { connection, deletedAt, id, match } = by;
  const wanted = [connection, deletedAt, id, ...match.map(({ other }) => other)].filter((name) => name !== undefined);
  const { rows } = await db.raw(
    `select to_regclass(?) is not null as known,
       array(select w from unnest(?::text[]) w where w not in (select attname from pg_attribute where attrelid = to_regclass(?) and attnum > 0 and not attisdropped)) as lacking`,
    [excludingTable(by), wanted, excludingTable(by)],
  );
  const { known, lacking } = rows[0] as { known: boolean; lacking: string[] };
  if (known && lacking.length === 0) return;
  const what = known ? `Table ${by.by} has no column ${lacking.join(', ')}` : `There is no table or view ${by.by}`;
  throw new TidemarkError(
    'DestinationIncompatible',
    `${what}. Entity ${entity.name} names it in excludedBy: create it, or correct the definition`,
  );
}
