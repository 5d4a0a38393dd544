import type { ConnectorEntity } from '../../../schema/definition/connector';
import { quote } from '../../database/identifiers';
import { contentColumns } from '../format/rowFormat';

/**
 * What the engine has written into the columns of a row of an entity whose columns are the user's afterwards (`conflict: 'skip'`): a hash for
 * each column, in `_inserted`. A column with another value was edited by a user, and a column without a hash is newer than the row.
 *
 * PostgreSQL's own hash of a value depends on no setting of a session, as its text would, and is the same for `1.0` and `1.00`. Should
 * another version of PostgreSQL compute another, rows look edited, and stay.
 */
function hashSql(value: string): string {
  return `hash_record_extended(row(${value}), 0)::text`;
}

/** SQL: `_inserted` of a row that is written with the columns of `side`. */
export function insertedSql(entity: ConnectorEntity, side: string): string {
  const columns = contentColumns(entity);
  const names = columns.map(({ name }) => `'${name}'`);
  const hashes = columns.map(({ name }) => hashSql(`${side}${quote(name)}`));
  return `jsonb_object(array[${names.join(', ')}]::text[], array[${hashes.join(', ')}]::text[])`;
}

/** SQL over a stored row: whether a user has edited a column that the engine has written, or filled one that is newer than the row. */
export function columnsEditedSql(entity: ConnectorEntity, side: string): string {
  const edited = contentColumns(entity).map(
    ({ name }) =>
      `coalesce(${side}._inserted ->> '${name}' <> ${hashSql(`${side}.${quote(name)}`)}, ${side}.${quote(name)} is not null)`,
  );
  // of a row that was written before hashes were kept nothing is known
  return `(${[`${side}._inserted is null`, ...edited].join(' or ')})`;
}

/** SQL: the assignments by which an update fills the columns that are newer than the row `t`, where they are empty, from `n`. */
export function fillSql(entity: ConnectorEntity): string {
  const columns = contentColumns(entity);
  const filled = columns.map(({ name }) => {
    const column = quote(name);
    return `${column} = case when ${isNewer(name)} and t.${column} is null then n.${column} else t.${column} end`;
  });
  // what a user has filled meanwhile gets the hash of nothing: it stays an edit
  const hashes = columns.map(({ name }) => {
    const column = quote(name);
    return `case when t.${column} is null then ${hashSql(`n.${column}`)} else ${hashSql(`null::${typeOf(entity, name)}`)} end`;
  });
  const names = columns.map(({ name }) => `'${name}'`);
  return `${filled.join(', ')}, _inserted = jsonb_object(array[${names.join(', ')}]::text[], array[${hashes.join(', ')}]::text[]) || t._inserted`;
}

/** SQL: whether the row `t` has empty columns that are newer than it. */
export function hasNewerSql(entity: ConnectorEntity): string {
  const newer = contentColumns(entity).map(({ name }) => `${isNewer(name)} and t.${quote(name)} is null`);
  return newer.length === 0 ? 'false' : `(${newer.join(' or ')})`;
}

/** Of a row without hashes nothing is known, and nothing is filled. */
function isNewer(name: string): string {
  return `coalesce(t._inserted ->> '${name}' is null and t._inserted is not null, false)`;
}

function typeOf(entity: ConnectorEntity, column: string): string {
  return contentColumns(entity).find(({ name }) => name === column)?.type ?? 'text';
}
