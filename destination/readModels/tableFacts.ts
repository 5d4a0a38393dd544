import type { Knex } from 'knex';
import type { Connection } from '../../schema/connection';
import type { Connector } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import { cursorSql } from '../runs/cursors';

export interface TableFacts {
  /** entities that were synced and whose table is missing, each with the table's name */
  readonly missing: readonly (Target & { readonly table: string })[];
  /** how many entities of connections have been synced */
  readonly synced: number;
  /** whether the engine's role may make the tables that do not exist yet */
  readonly mayCreate: boolean;
  readonly role: string;
}

/** What is there of the entities' tables, for the doctor. */
export async function tableFacts(
  db: Knex,
  connectors: readonly Connector[],
  connections: readonly Connection[],
): Promise<TableFacts> {
  const known = connections.flatMap(({ id, connector: name }) => {
    const connector = connectors.find((one) => one.name === name);
    return [...(connector?.entities.values() ?? [])].map((entity) => ({
      connectionId: id,
      entity: entity.name,
      table: entity.table,
      quoted: tableName(entity),
    }));
  });
  const found = await query<Target & { table: string; there: boolean; synced: boolean }>(
    db,
    /* sql */ `
    select k."connectionId", k.entity, k."table", to_regclass(k.quoted) is not null as there, ${cursorSql('e')} is not null as synced
    from jsonb_to_recordset(?::jsonb) as k("connectionId" text, entity text, "table" text, quoted text)
    left join tidemark.entities e on e.connection_id = k."connectionId" and e.entity = k.entity
    order by 1, 2`,
    [JSON.stringify(known)],
  );
  const [rights] = await query<{ role: string; may: boolean }>(
    db,
    `select current_user as role, has_schema_privilege('public', 'CREATE') as may`,
  );
  const missing = found.filter(({ synced, there }) => synced && !there);
  return {
    missing: missing.map(({ connectionId, entity, table }) => ({ connectionId, entity, table })),
    synced: found.filter(({ synced }) => synced).length,
    mayCreate: found.every(({ there }) => there) || rights?.may === true,
    role: rights?.role ?? '',
  };
}
