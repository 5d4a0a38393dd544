import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { quote } from '../database/identifiers';
import { excludingRow } from '../rows/exclusion/excludedSql';
import { tableName } from '../rows/format/rowFormat';
import { tableFits } from '../rows/tables';

/** The row of another table that excludes a record. */
export interface ExcludingRow {
  /** as the definition names it: an entity, or a table with its schema */
  readonly by: string;
  /** null: the definition names no column that holds it */
  readonly id: string | null;
}

/** The first row that excludes a record, by what the record's own row holds of it; null where none does, or there is no such row. */
export async function excludingRowOf(
  db: Knex,
  entity: ConnectorEntity,
  connectionId: string,
  id: string,
): Promise<ExcludingRow | null> {
  if (entity.exclusions === undefined || !(await tableFits(db, entity))) return null;
  for (const by of entity.exclusions) {
    const shown = by.id === undefined ? 'null' : `o.${quote(by.id)}::text`;
    const { rows } = await db.raw(
      /* sql */ `
      select r.id from ${tableName(entity)} c cross join lateral (
        select ${shown} as id ${excludingRow(entity, by, { side: 'c', connection: 'c.connection_id' })} order by 1 limit 1) r
      where c.connection_id = ? and c.external_id = ?`,
      [connectionId, id],
    );
    if (rows.length > 0) return { by: by.by, id: rows[0].id };
  }
  return null;
}
