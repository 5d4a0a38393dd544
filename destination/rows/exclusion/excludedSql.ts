import { createHash } from 'node:crypto';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Exclusion, MatchedColumns } from '../../../schema/definition/excludedBy';
import { quote } from '../../database/identifiers';
import { comparedSql } from './comparedSql';

type By = Exclusion<ConnectorEntity>;

/**
 * SQL: whether a live row of another table excludes the record whose columns are those of `side`, at this instant. `connection`: SQL of the
 * connection that the record belongs to. Never null.
 */
export function excludedSql(entity: ConnectorEntity, side: string, connection: string): string {
  const each = (entity.exclusions ?? []).map(
    (by) => `exists (select ${excludingRow(entity, by, { side, connection })})`,
  );
  return each.length === 0 ? 'false' : `(${each.join(' or ')})`;
}

/**
 * SQL over an incoming record `n` and its row `c`, where there is one: whether a row of another table excludes it. Under the conflict policy
 * `skip` a row goes on holding what it held, or what a user has made of it, and is tested by that, as a reconciliation tests it.
 */
export function incomingExcludedSql(entity: ConnectorEntity, connection: string): string {
  const incoming = excludedSql(entity, 'n', connection);
  if (entity.conflict !== 'skip' || entity.exclusions === undefined) return incoming;
  return `case when c.external_id is null then ${incoming} else ${excludedSql(entity, 'c', connection)} end`;
}

/** SQL behind `select …`: the rows of a table that exclude the record, alias `o`. */
export function excludingRow(
  entity: ConnectorEntity,
  by: By,
  { side, connection }: { readonly side: string; readonly connection: string },
): string {
  const conditions = [
    ...(by.connection === undefined ? [] : [`${connectionOf(by, 'o')} = ${connection}`]),
    ...(by.deletedAt === undefined ? [] : [`o.${quote(by.deletedAt)} is null`]),
    ...by.match.map((match) => `${otherValue(by, match, 'o.')} = ${ownValue(entity, by, match, side)}`),
  ];
  return `from ${excludingTable(by)} o where ${conditions.join(' and ')}`;
}

/** The quoted, schema-qualified table whose rows exclude. */
export function excludingTable({ schema, table }: By): string {
  return quote(schema, table);
}

/**
 * The index by which rows of another entity are found, and the statement that makes it. Tables that are not the engine's get none:
 * undefined.
 */
export function exclusionIndex(by: By): { readonly name: string; readonly sql: string } | undefined {
  if (by.of === undefined) return undefined;
  const values = by.match.map((match) => `(${otherValue(by, match, '')})`).join(', ');
  const digest = createHash('sha256').update(values).digest('hex').slice(0, 8);
  const name = `${by.table}_x${digest}`;
  return {
    name,
    sql: `create index if not exists ${quote(name)} on ${excludingTable(by)} (connection_id, ${values}) where deleted_at is null`,
  };
}

function connectionOf({ of, connection = '' }: By, side: string): string {
  return of === undefined ? `${side}.${quote(connection)}::text` : `${side}.${quote(connection)}`;
}

/** Columns of a table that is not the engine's may be of any type: its values are compared as text. */
function otherValue({ of }: By, { other, as }: MatchedColumns, side: string): string {
  const type = of?.columns.find(({ name }) => name === other)?.type;
  return type === undefined
    ? comparedSql(`${side}${quote(other)}::text`, as, 'text')
    : comparedSql(`${side}${quote(other)}`, as, type);
}

function ownValue(entity: ConnectorEntity, { of }: By, { own, as }: MatchedColumns, side: string): string {
  const type = entity.columns.find(({ name }) => name === own)?.type ?? 'text';
  return of === undefined
    ? comparedSql(`${side}.${quote(own)}::text`, as, 'text')
    : comparedSql(`${side}.${quote(own)}`, as, type);
}
