import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ParentPartition, Parents } from '../../schema/definition/partitions';
import { parseExactly } from '../../schema/json/exactJson';
import type { JsonObject } from '../../schema/json/json';
import { isStorable } from '../../schema/text/storableText';
import { quote } from '../database/identifiers';
import { query, queryIds } from '../database/query';
import { tableName } from './format/rowFormat';

/** The table of the parents, quoted. */
export const parentTable = ({ table }: Parents): string => `public.${quote(table)}`;

/** Parents with the fields that children's maps and requests need, by id; none of those that have no row. */
export async function parentsOf(
  db: Knex,
  connectionId: string,
  parents: Parents,
  ids: readonly string[],
): Promise<Map<string, ParentPartition>> {
  const unique = [...new Set(ids)];
  if (parents.fields.length === 0) return new Map(unique.map((id) => [id, { id, fields: {} }]));
  const fields = parents.fields.map((name) => `${literal(name)}, p.${quote(name)}`).join(', ');
  const rows = await query<{ id: string; fields: string }>(
    db,
    `select p.external_id as id, jsonb_build_object(${fields})::text as fields
     from ${parentTable(parents)} p where p.connection_id = ? and p.external_id = any(?::text[])`,
    [connectionId, unique],
  );
  return new Map(rows.map(({ id, fields }) => [id, { id, fields: parseExactly(fields, 'keep') as JsonObject }]));
}

/** Those of the ids whose row says that the source confirmed them gone. One that was left out on purpose is not gone. */
export async function goneParents(
  db: Knex,
  connectionId: string,
  parents: Parents,
  ids: readonly string[],
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select p.external_id as id from ${parentTable(parents)} p
    where p.connection_id = :connectionId and p.external_id = any(cast(:ids as text[])) and p.deleted_at is not null
      and p._origin = 'source' and p._disputed_at is null
      and not exists (select from tidemark.set_aside a where a.connection_id = :connectionId and a.entity = :parent
        and a.external_id = p.external_id and a.cleared_at is null)`,
    { connectionId, ids: [...ids], parent: parents.entity },
  );
}

/**
 * In whose list the records with these ids are, as far as it is known: from their rows, and from the staging table of the scan that
 * listed them, where that still exists. Empty for an entity whose partitions are no records of another.
 */
export async function parentsOfRows(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
  staging?: string,
): Promise<ReadonlyMap<string, ParentPartition>> {
  const { parents } = entity;
  if (parents === undefined || ids.length === 0) return new Map();
  const asked = ids.filter(isStorable);
  const found = new Map<string, string>();
  const note = (rows: readonly { id: string; partition: string }[]) => {
    for (const { id, partition } of rows) found.set(id, partition);
  };
  note(
    await query(
      db,
      `select external_id as id, _partition as partition from ${tableName(entity)}
       where connection_id = ? and external_id = any(?::text[]) and _partition is not null`,
      [connectionId, asked],
    ),
  );
  if (staging !== undefined && (await exists(db, staging))) {
    note(
      await query(
        db,
        `select external_id as id, min(partition) as partition from ${staging} where external_id = any(?::text[]) group by 1`,
        [asked],
      ),
    );
  }
  const known = await parentsOf(db, connectionId, parents, [...found.values()]);
  return new Map(
    [...found].flatMap(([id, partition]) => {
      const parent = known.get(partition);
      return parent === undefined ? [] : [[id, parent] as const];
    }),
  );
}

async function exists(db: Knex, table: string): Promise<boolean> {
  const [found] = await query<{ there: boolean }>(db, 'select to_regclass(?) is not null as there', [table]);
  return found?.there ?? false;
}

/** A column's name as a text of SQL. Definitions allow lower-case letters, digits and underscores only. */
function literal(name: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new RangeError(`${name} is no name of a column`);
  return `'${name}'`;
}
