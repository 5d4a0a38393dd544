import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { audit } from '../audit';
import { query } from '../database/query';
import { ensureExclusionIndexes } from '../rows/exclusion/ensureExclusionIndexes';
import { tableName } from '../rows/format/rowFormat';
import { ensureDayIndex } from '../rows/replaced/dayIndex';
import { ensureTable } from '../rows/tables';
import { cursorSql, dropCursors, getCursor } from './cursors';
import { oweColumns } from './owed';

/** Whose table it is: every connection of a connector writes its rows of an entity into one. */
export interface TableOf {
  readonly connector: string;
  readonly entity: ConnectorEntity;
}

/**
 * Makes an entity's table agree with its row schema, and draws the conclusions in the same transaction. A table that had to be
 * made holds nothing of what the cursors say is synced: the cursors of its connections become null, which is audited, and the next
 * delta reads everything. Of columns that were added, every connection owes what its rows were read before (`owed.ts`).
 * The tables of entities that exclude its records are made as well, so that they can be asked. Returns what was done, `created`: any of
 * them. Throws TidemarkError 'DestinationIncompatible'.
 */
export async function ensureEntityTable(
  db: Knex,
  { connector, entity }: TableOf,
): Promise<{ created: boolean; added: readonly string[] }> {
  const others = (entity.exclusions ?? []).flatMap(({ of }) => of ?? []);
  const made: boolean[] = [];
  for (const other of others) made.push((await ensureEntityTable(db, { connector, entity: other })).created);
  const change = await ensureTable(db, entity, async (trx, { created, added }) => {
    if (created) {
      const { rows } = await trx.raw(
        `select e.connection_id as id from tidemark.entities e join tidemark.connections c on c.id = e.connection_id
         where c.connector = ? and e.entity = ? and ${cursorSql('e')} is not null order by 1`,
        [connector, entity.name],
      );
      const why = `table ${entity.table} was missing and has been made again: the next delta reads everything`;
      for (const { id } of rows as { id: string }[]) {
        await voidCursor(trx, { connectionId: id, entity: entity.name }, why);
      }
    } else await oweColumns(trx, { connector, entity }, added);
  });
  await ensureExclusionIndexes(db, entity);
  await ensureDayIndex(db, entity);
  return { ...change, created: change.created || made.includes(true) };
}

/**
 * Whether the table has lost every row of a connection whose runs had written some, as after TRUNCATE. Then its cursor means
 * nothing either: it becomes null, which is audited.
 */
export async function noticeEmptied(db: Knex, target: Target, entity: ConnectorEntity): Promise<boolean> {
  const [found] = await query<{ emptied: boolean }>(
    db,
    /* sql */ `
    select not exists (select from ${tableName(entity)} where connection_id = e.connection_id)
      and exists (select from tidemark.runs r where r.connection_id = e.connection_id and r.entity = e.entity
        and r.cursor_after is not null and coalesce((r.counts ->> 'inserted')::bigint, 0) > 0) as emptied
    from tidemark.entities e where e.connection_id = ? and e.entity = ? and ${cursorSql('e')} is not null`,
    [target.connectionId, target.entity],
  );
  if (found?.emptied !== true) return false;
  const why = `table ${entity.table} has lost every row of this connection: the next delta reads everything`;
  await db.transaction((trx) => voidCursor(trx, target, why));
  return true;
}

/** Nothing counts as synced any more, nor as proved. */
async function voidCursor(trx: Knex.Transaction, target: Target, reason: string): Promise<void> {
  const before = await getCursor(trx, target);
  await dropCursors(trx, target);
  await trx.raw(
    `update tidemark.entities set proved_at = null, proof_differences = null, proof_unjudged = '{}', proof_coverage = '{}', owed = '{}'
     where connection_id = ? and entity = ?`,
    [target.connectionId, target.entity],
  );
  const details = { before, after: null };
  await audit(trx, { ...target, actor: 'engine', action: 'cursor reset', reason, details });
}
