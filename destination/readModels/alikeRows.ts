import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import { quote } from '../database/identifiers';

/** Rows that have one value in common. */
export interface AlikeRows {
  readonly column: string;
  /** as it is compared: a phone number as its digits, other text in lower case */
  readonly value: string;
  readonly rows: readonly AlikeRow[];
}

export interface AlikeRow {
  readonly id: string | null;
  /** `source`, `import`; null: the engine did not write it */
  readonly origin: string | null;
}

export interface Alike {
  /** rows that have a value in one of the columns */
  readonly compared: number;
  /** values that several rows have */
  readonly values: number;
  readonly groups: readonly AlikeRows[];
}

/** Where rows are compared. */
export interface AlikeTable {
  /** with its schema, such as `public.contacts`: a table or a view */
  readonly table: string;
  /** rows that have another value there are left out, and rows without one are compared */
  readonly connection: { readonly column: string; readonly id: string };
  /** the ids that are shown */
  readonly id: string;
  /** names of columns; each is compared by itself */
  readonly columns: readonly string[];
}

/** Rows of one value that are shown. */
const shownRows = 10;

/**
 * Finds rows that have the same value in a column, whoever wrote them: of several rows with one phone number, one may have been made by hand. Rows
 * with `deleted_at` are left out. Values come first that rows of the engine share with others, since of thousands of customers many share a phone
 * number. Throws TidemarkError 'Usage' where the table or a column does not exist, with the columns that there are.
 */
export async function alikeRows(
  db: Knex,
  { table, connection, id, columns }: AlikeTable,
  limit: number,
): Promise<Alike> {
  const [schema = '', name = ''] = table.split('.');
  const existing = await columnsOf(db, table, quote(schema, name));
  const lacking = [...columns, id].filter((column) => !existing.includes(column));
  if (lacking.length > 0) {
    throw new TidemarkError(
      'Usage',
      `Table ${table} has no column ${lacking.join(', ')}. It has ${existing.filter((column) => !column.startsWith('_')).join(', ')}`,
    );
  }
  const has = (column: string) => existing.includes(column);
  const conditions = [
    ...(has('deleted_at') ? ['deleted_at is null'] : []),
    ...(has(connection.column)
      ? [`(${quote(connection.column)}::text is null or ${quote(connection.column)}::text = :connectionId)`]
      : []),
  ];
  const origin = has('_origin') ? '_origin' : 'null::text';
  const { rows } = await db.raw(
    /* sql */ `
    with rows as materialized (
      select ${quote(id)}::text as id, ${origin} as origin, ${columns.map((column) => quote(column)).join(', ')}
      from ${quote(schema, name)} ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
    ), worded as (
      select id, origin, v.name, v.place, case
        when v.text ~ '^[+0-9 ()./-]+$' and length(regexp_replace(v.text, '[^0-9]', '', 'g')) >= 7 then regexp_replace(v.text, '[^0-9]', '', 'g')
        else lower(trim(v.text)) end as value
      from rows, lateral (values ${columns.map((column, place) => `(${literal(column)}, ${place}, ${quote(column)}::text)`).join(', ')}) as v (name, place, text)
      where trim(v.text) <> ''
    ), groups as (
      select name, place, value, count(*) as count, json_agg(json_build_object('id', id, 'origin', origin) order by origin nulls first, id) as found,
        bool_or(origin is null) and bool_or(origin is not null) as mixed
      from worded group by 1, 2, 3 having count(*) > 1
    )
    select (select count(distinct coalesce(id, '')) from worded)::int as compared, (select count(*) from groups)::int as values,
      (select json_agg(json_build_object('column', name, 'value', value, 'rows', found) order by mixed desc, place, count desc, value)
       from (select * from groups order by mixed desc, place, count desc, value limit :limit) as g) as groups`,
    { connectionId: connection.id, limit },
  );
  const { compared, values, groups }: { compared: number; values: number; groups: AlikeRows[] | null } = rows[0];
  return { compared, values, groups: (groups ?? []).map((one) => ({ ...one, rows: one.rows.slice(0, shownRows) })) };
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

async function columnsOf(db: Knex, table: string, quoted: string): Promise<string[]> {
  const { rows } = await db.raw(
    `select attname as name from pg_attribute where attrelid = to_regclass(?) and attnum > 0 and not attisdropped order by attnum`,
    [quoted],
  );
  if (rows.length === 0)
    throw new TidemarkError(
      'Usage',
      `There is no table or view ${table}: write it with its schema, such as public.contacts`,
    );
  return rows.map(({ name }: { name: string }) => name);
}
