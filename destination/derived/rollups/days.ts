import type { Column } from '../../../schema/definition/columns';
import type { InputOfRollup } from '../../../schema/definition/rollups';
import { quote } from '../../database/identifiers';

/**
 * SQL: the day to which a column says that a row belongs, null where it says none. An instant so far away that a zone would take it out of
 * PostgreSQL's range, such as `infinity`, says none: it must never make a write fail.
 */
export function dayOf(row: string, { name, type }: Column, zone: string): string {
  const column = `${row}.${quote(name)}`;
  const within = (literal: string) =>
    `case when ${column} >= ${literal} '0001-01-03' and ${column} < ${literal} '9999-12-29' then`;
  if (type === 'date') return `${within('date')} ${column} end`;
  if (type === 'timestamp without time zone') return `${within('timestamp')} ${column}::date end`;
  // the bounds of a timestamptz depend on the session's zone by a day at most, and an instant near them on nothing that counts
  return `case when ${column} >= timestamptz '0001-01-03 00:00:00+00' and ${column} < timestamptz '9999-12-29 00:00:00+00' then (${column} at time zone ${zone})::date end`;
}

/** SQL: whether a row may belong to a day by this column, in a form that an index finds: a day more on each side. */
export function nearDay(row: string, { name, type }: Column, day: string): string {
  const column = `${row}.${quote(name)}`;
  if (type === 'date') return `${column} = ${day}`;
  const midnight = type === 'timestamp with time zone' ? `(${day}::timestamp at time zone 'UTC')` : `${day}::timestamp`;
  return `${column} >= ${midnight} - interval '1 day' and ${column} < ${midnight} + interval '2 days'`;
}

/** What a roll-up may read of each row: what changes nothing else changes nothing of it. */
export function readColumns({ columns }: InputOfRollup): readonly Column[] {
  return [{ name: 'external_id', type: 'text' }, ...columns];
}
