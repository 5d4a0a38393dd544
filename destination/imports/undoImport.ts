import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import { audit, type Decision } from '../audit';
import { quote } from '../database/identifiers';
import { query } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import { lockEntity } from '../rows/lockEntity';
import { uploadOfRun } from './uploads';
import { keptColumns, writtenBy } from './writeLines';

export interface UndoneImport {
  /** rows that hold again what they held before the import */
  readonly restored: number;
  /** rows that it had inserted, which are deleted */
  readonly removed: number;
  /** rows that were written since, by the source or another import: they stay as they are */
  readonly changedSince: number;
}

/**
 * Takes an import back: rows that it changed hold what they held before, rows that it inserted are deleted. Rows that were written since stay.
 * Throws TidemarkError 'Usage' while it is running and where there is nothing to undo, 'NotFound' once what is known of it was deleted.
 */
export async function undoImport(
  db: Knex,
  { id: runId, status }: { readonly id: string; readonly status: string },
  entity: ConnectorEntity,
  by: Decision,
): Promise<UndoneImport> {
  if (status === 'running')
    throw new TidemarkError('Usage', `Run ${runId} is running: wait for its end, or cancel it first`);
  const { id, connectionId } = await uploadOfRun(db, runId);
  return db.transaction(async (trx) => {
    await lockEntity(trx, { connectionId, entity });
    const columns = await columnsOf(trx, id, entity);
    const author = writtenBy({ runId });
    const { rowCount: removed } = await trx.raw(
      `delete from ${tableName(entity)} t where connection_id = ? and _written_by = ?
       and not exists (select from tidemark.import_changes c where c.import_id = ? and c.external_id = t.external_id)`,
      [connectionId, author, id],
    );
    const set = columns.map((name) => `${quote(name)} = f.${quote(name)}, `).join('');
    const { rowCount: restored } = await trx.raw(
      `update ${tableName(entity)} t set ${set}synced_at = now()
       from tidemark.import_changes c cross join lateral jsonb_populate_record(null::${tableName(entity)}, c.former) f
       where c.import_id = ? and t.connection_id = ? and t.external_id = c.external_id and t._written_by = ?`,
      [id, connectionId, author],
    );
    const { rowCount: changed } = await trx.raw('delete from tidemark.import_changes where import_id = ?', [id]);
    const undone = { restored: restored ?? 0, removed: removed ?? 0, changedSince: (changed ?? 0) - (restored ?? 0) };
    if ((removed ?? 0) + (changed ?? 0) === 0)
      throw new TidemarkError(
        'Usage',
        `Run ${runId} of ${connectionId}/${entity.name} has nothing to undo: it wrote no row, or was undone`,
      );
    await audit(trx, {
      ...by,
      action: 'undo',
      connectionId,
      entity: entity.name,
      details: { runId, importId: id, ...undone },
    });
    return undone;
  });
}

/** Columns of which the import kept what they held: all of its rows have the same. */
async function columnsOf(trx: Knex.Transaction, id: string, entity: ConnectorEntity): Promise<string[]> {
  const found = await query<{ name: string }>(
    trx,
    `select k.name from (select former from tidemark.import_changes where import_id = ? limit 1) c, jsonb_object_keys(c.former) as k(name) order by 1`,
    [id],
  );
  const known = new Set<string>([...entity.columns.map(({ name }) => name), ...keptColumns]);
  return found.flatMap(({ name }) => (known.has(name) ? [name] : []));
}
