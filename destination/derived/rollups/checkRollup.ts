import type { Knex } from 'knex';
import type { Rollup } from '../../../schema/definition/rollups';
import { TidemarkError } from '../../../schema/errors';
import { codeOf } from '../../database/errorCode';
import { wordsOf } from '../../database/postgresWords';
import { query } from '../../database/query';
import { type RollupColumn, shapeStatement } from './rollupSql';

/** What a table of a roll-up has already. */
const taken: ReadonlySet<string> = new Set(['connection_id', 'day']);
/** Sums of these depend on the order of the rows, so that a rebuild would differ in the last digits. */
const inexact: ReadonlySet<string> = new Set(['double precision', 'real']);

/**
 * Has PostgreSQL read the select of a roll-up, without any table, and returns the columns that it makes. Throws TidemarkError 'Usage' with the path
 * of the mistake: what PostgreSQL says of it, a table or view that is no input, a figure that is not exact.
 */
export async function checkRollup(db: Knex, rollup: Rollup): Promise<readonly RollupColumn[]> {
  const at = `${rollup.connector}.rollups.${rollup.name}`;
  const mistake = (what: string) => new TidemarkError('Usage', `The definition has a mistake:\n  ${at}${what}`);
  const { columns, others } = await shapeOf(db, rollup).catch((error: unknown) => {
    // 42 and its like: syntax, unknown names, types that do not fit
    // 42501 is a missing right of the engine's own role
    if (/^(?!42501)(42|22|0A)/.test(codeOf(error) ?? ''))
      throw mistake(`.sql: PostgreSQL refuses it: ${wordsOf(error)}`);
    throw error;
  });
  if (others.length > 0)
    throw mistake(`.sql: reads ${others.join(', ')}, which is no input: its changes would not be noticed`);
  for (const { name, type } of columns) {
    if (taken.has(name)) throw mistake(`.sql: the table has a column '${name}' already; give the column another name`);
    if (inexact.has(type))
      throw mistake(`.sql: column '${name}' is ${type}, which is not exact: cast what it is made of to numeric`);
  }
  for (const name of rollup.key) {
    if (!columns.some((column) => column.name === name)) throw mistake(`.key: sql makes no column '${name}'`);
  }
  return columns;
}

async function shapeOf(
  db: Knex,
  rollup: Rollup,
): Promise<{ readonly columns: readonly RollupColumn[]; readonly others: readonly string[] }> {
  const trx = await db.transaction();
  try {
    await trx.raw(shapeStatement(rollup, 'tidemark_rollup_shape'));
    const columns = await query<RollupColumn>(
      trx,
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = 'pg_temp.tidemark_rollup_shape'::regclass and attnum > 0 order by attnum`,
    );
    const others = await query<{ name: string }>(
      trx,
      `select distinct s.nspname || '.' || c.relname as name
       from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
       join pg_class c on c.oid = d.refobjid join pg_namespace s on s.oid = c.relnamespace
       where r.ev_class = 'pg_temp.tidemark_rollup_shape'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class order by 1`,
    );
    return { columns, others: others.map(({ name }) => name) };
  } finally {
    await trx.rollback();
  }
}
