import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import { tableColumns, tableName } from '../format/rowFormat';
import { columnsEditedSql } from './inserted';

/**
 * SQL over a stored row: whether it carries what a user has made of it, so that the engine does not delete it although its record is left
 * out. That are edited columns, values in columns of the user's own, and rows that reference it by a foreign key. Only under the
 * conflict policy `skip`; otherwise `false`. Reads the catalogue of the database.
 */
export async function userEditsSql(db: Knex, entity: ConnectorEntity, side: string): Promise<string> {
  if (entity.conflict !== 'skip') return 'false';
  const [own, references] = [await ownColumns(db, entity), await referencesTo(db, entity)];
  const filled = own.flatMap(({ name, initial }) => {
    const column = `${side}.${quote(name)}`;
    if (initial === null) return [`${column} is not null`];
    return isConstant(initial) ? [`${column} is distinct from ${initial}`] : [];
  });
  const referenced = references.map(({ schema, table, columns }) => {
    const same = columns.map(({ from, to }) => `r.${quote(from)} = ${side}.${quote(to)}`);
    return `exists (select from ${quote(schema, table)} r where ${same.join(' and ')})`;
  });
  return `(${[columnsEditedSql(entity, side), ...filled, ...referenced].join(' or ')})`;
}

interface OwnColumn {
  readonly name: string;
  /** its default as SQL; null: none */
  readonly initial: string | null;
}

/** Columns that the engine has not made, without those that PostgreSQL fills itself. */
async function ownColumns(db: Knex, entity: ConnectorEntity): Promise<readonly OwnColumn[]> {
  const known = [...tableColumns(entity).map(({ name }) => name), 'raw', 'raw_related'];
  return query<OwnColumn>(
    db,
    /* sql */ `
    select a.attname as name, pg_get_expr(d.adbin, d.adrelid) as initial
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped and a.attidentity = '' and a.attgenerated = ''
      and a.attname <> all(?::text[]) and a.attname not like '\\_related\\_%'
    order by a.attnum`,
    [tableName(entity), known],
  );
}

/** A default that is computed (a serial number, the present time) says nothing of a user. */
function isConstant(sql: string): boolean {
  return /^('([^'?]|'')*'::[\w "().,]+|-?\d+(\.\d+)?|true|false)$/.test(sql);
}

interface Reference {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly { readonly from: string; readonly to: string }[];
}

async function referencesTo(db: Knex, entity: ConnectorEntity): Promise<readonly Reference[]> {
  return query<Reference>(
    db,
    /* sql */ `
    select s.nspname as schema, r.relname as table, (
      select json_agg(json_build_object('from', f.attname, 'to', t.attname) order by u.place)
      from unnest(c.conkey, c.confkey) with ordinality as u(own, other, place)
      join pg_attribute f on f.attrelid = c.conrelid and f.attnum = u.own
      join pg_attribute t on t.attrelid = c.confrelid and t.attnum = u.other) as columns
    from pg_constraint c join pg_class r on r.oid = c.conrelid join pg_namespace s on s.oid = r.relnamespace
    where c.contype = 'f' and c.confrelid = to_regclass(?) and c.conparentid = 0 order by c.oid`,
    [tableName(entity)],
  );
}
