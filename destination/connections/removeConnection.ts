import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import type { Decision } from '../audit';
import { audit } from '../audit';
import { tableName } from '../rows/format/rowFormat';
import { lockEntity } from '../rows/lockEntity';
import { tableExists } from '../rows/tables';

/** Rows of a connection in one entity's table; those soft-deleted are among them. */
export interface RowsOfTable {
  readonly entity: string;
  readonly table: string;
  readonly rows: number;
}

/** How many rows a connection has in each table that has been made. */
export async function rowsOfConnection(
  db: Knex,
  connectionId: string,
  entities: readonly ConnectorEntity[],
): Promise<RowsOfTable[]> {
  const found: RowsOfTable[] = [];
  for (const entity of entities) {
    if (!(await tableExists(db, entity))) continue;
    const { rows } = await db.raw(`select count(*) as rows from ${tableName(entity)} where connection_id = ?`, [
      connectionId,
    ]);
    found.push({ entity: entity.name, table: entity.table, rows: Number(rows[0].rows) });
  }
  return found;
}

/**
 * Removes a connection with its secrets, cursors, runs, plans, inbox and set-aside records, and where `deleteRows` its rows in
 * the entities' tables; audited. All in one transaction that holds the write locks of its entities: what a fetch under way
 * brings afterwards finds no connection and is not written. Throws TidemarkError 'AlreadyRunning' while a run is running.
 */
export async function removeConnection(
  db: Knex,
  connectionId: string,
  { entities, deleteRows }: { readonly entities: readonly ConnectorEntity[]; readonly deleteRows: boolean },
  by: Decision,
): Promise<RowsOfTable[]> {
  return db.transaction(async (tx) => {
    await tx.raw(`select set_config('lock_timeout', '30s', true)`);
    const inOrder = entities.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const entity of inOrder) await lockEntity(tx, { connectionId, entity });
    await tx.raw('select 1 from tidemark.connections where id = ? for update', [connectionId]);
    const { rows: on } = await tx.raw(
      `select id::text as id, entity, strategy from tidemark.runs
       where connection_id = ? and status = 'running' and lease_until > clock_timestamp() limit 1`,
      [connectionId],
    );
    if (on[0]) {
      throw new TidemarkError(
        'AlreadyRunning',
        `Run ${on[0].id}, a ${on[0].strategy} of ${connectionId}/${on[0].entity}, is running: nothing was removed, but the connection is disabled now, so no further run starts. Remove it after that run has ended, or end it with 'tidemark cancel ${on[0].id} --reason "..."'`,
      );
    }
    const rows = await rowsOfConnection(tx, connectionId, entities);
    if (deleteRows) {
      for (const entity of entities) {
        if (rows.some(({ table }) => table === entity.table))
          await tx.raw(`delete from ${tableName(entity)} where connection_id = ?`, [connectionId]);
      }
    }
    await tx.raw('delete from tidemark.connections where id = ?', [connectionId]);
    await tx.raw('delete from tidemark.budgets where account = ?', [connectionId]);
    const details = { rows: deleteRows ? 'deleted' : 'kept', tables: rows };
    await audit(tx, { ...by, action: 'connections remove', connectionId, details });
    return rows;
  });
}
