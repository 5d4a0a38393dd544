import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { withRetry } from '../../database/destinationError';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import type { Marking } from './marking';
import { functionName, functionStatement, triggerStatements, triggersOfTable } from './marksFunction';

/** The triggers of one table. */
export interface TriggersOf {
  readonly table: string;
  /** none: the table needs no triggers */
  readonly markings: readonly Marking[];
  /** SQL of indexes by which what was marked is found */
  readonly indexes: readonly string[];
}

/**
 * Makes the triggers of a table agree with what is derived from its rows. `alongside` then marks everything, in the same transaction: what was written
 * before left no marks. Waits until no writer is at work on the table, since one that has begun without the triggers commits unmarked rows later.
 * Returns whether anything had to be done.
 */
export async function ensureTriggers(
  db: Knex,
  { table, markings, indexes }: TriggersOf,
  alongside: (trx: Knex.Transaction) => Promise<void>,
): Promise<boolean> {
  const statement = functionStatement(table, markings);
  const version = createHash('sha256')
    .update([statement, ...indexes].join('\n'))
    .digest('hex');
  const wanted = markings.length > 0;
  const present = await presentTriggers(db, table);
  if (present === undefined) return false;
  if (wanted ? present.version === version && present.triggers === triggersOfTable : !present.exists) return false;
  await withRetry(() =>
    db.transaction(async (trx) => {
      await trx.raw(`select set_config('lock_timeout', '5s', true)`);
      await trx.raw(`lock table public.${quote(table)} in ${wanted ? 'share row' : 'access'} exclusive mode`);
      if (!wanted) {
        await trx.raw(`drop function if exists ${functionName(table)}() cascade`);
        return;
      }
      await trx.raw(statement.replaceAll('?', '\\?'));
      await trx.raw(`comment on function ${functionName(table)}() is '${version}'`);
      for (const trigger of triggerStatements(table)) await trx.raw(trigger);
      for (const index of indexes) await trx.raw(index);
      await alongside(trx);
    }),
  );
  return true;
}

/** undefined: there is no table. */
async function presentTriggers(
  db: Knex,
  table: string,
): Promise<{ exists: boolean; version: string | null; triggers: number } | undefined> {
  const [found] = await query<{ exists: boolean; version: string | null; triggers: number }>(
    db,
    /* sql */ `
    select p.oid is not null as exists, obj_description(p.oid, 'pg_proc') as version,
      (select count(*)::int from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = p.oid and t.tgenabled in ('O', 'A')) as triggers
    from pg_class c left join pg_proc p on p.oid = to_regprocedure(?)
    where c.oid = to_regclass(?)`,
    [`${functionName(table)}()`, `public.${quote(table)}`],
  );
  return found;
}
