import type { Knex } from 'knex';
import type { Rollup } from '../../../schema/definition/rollups';
import { TidemarkError } from '../../../schema/errors';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import type { RollupColumn } from './rollupSql';

/**
 * Makes the table of a roll-up, and makes it again where it has other columns or another key: all of it can be computed again. The comment of the table says
 * that the engine made it. Throws TidemarkError 'DestinationIncompatible' for a table or view that it did not make.
 */
export async function ensureRollupTable(
  trx: Knex.Transaction,
  rollup: Rollup,
  columns: readonly RollupColumn[],
): Promise<void> {
  const table = `public.${quote(rollup.table)}`;
  const wanted = [{ name: 'connection_id', type: 'text' }, { name: 'day', type: 'date' }, ...columns];
  const existing = await columnsOf(trx, table);
  const comment = await commentOf(trx, table);
  if (existing.length > 0 && !comment.startsWith(`computed by Tidemark: ${rollup.connector}.`)) {
    throw new TidemarkError(
      'DestinationIncompatible',
      `${table} exists, and the engine did not make it: give ${rollup.connector}.rollups.${rollup.name} another \`table\``,
    );
  }
  const madeOf = `computed by Tidemark: ${rollup.connector}.rollups.${rollup.name}; key: ${rollup.key.join(', ') || 'none'}`;
  if (same(existing, wanted) && comment === madeOf) return;
  await trx.raw(`drop table if exists ${table}`);
  const key = ['connection_id', 'day', ...rollup.key].map((name) => quote(name)).join(', ');
  const alone = rollup.key.length === 0;
  const definitions = wanted.map(
    ({ name, type }) =>
      `${quote(name)} ${type}${name === 'connection_id' ? ' collate "C"' : ''}${name === 'connection_id' || name === 'day' ? ' not null' : ''}`,
  );
  await trx.raw(`create table ${table} (${definitions.join(', ')}${alone ? `, primary key (${key})` : ''})`);
  if (!alone) {
    // part of a key may be null, as what a left join did not find
    await trx.raw(`create unique index ${quote(`${rollup.table}_key`)} on ${table} (${key})`);
    await trx.raw(`alter table ${table} replica identity full`);
  }
  await trx.raw(`comment on table ${table} is '${madeOf}'`);
}

function same(existing: readonly RollupColumn[], wanted: readonly RollupColumn[]): boolean {
  const text = (columns: readonly RollupColumn[]) => columns.map(({ name, type }) => `${name} ${type}`).join('\n');
  return text(existing) === text(wanted);
}

async function columnsOf(db: Knex, table: string): Promise<RollupColumn[]> {
  return query<RollupColumn>(
    db,
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass(?) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
}

/** Empty where it has none, or does not exist. */
async function commentOf(db: Knex, table: string): Promise<string> {
  const [found] = await query<{ comment: string | null }>(
    db,
    `select obj_description(to_regclass(?), 'pg_class') as comment`,
    [table],
  );
  return found?.comment ?? '';
}
