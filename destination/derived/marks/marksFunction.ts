import type { Column } from '../../../schema/definition/columns';
import { quote } from '../../database/identifiers';
import type { Marking } from './marking';

/** The quoted function that the triggers of a table call. */
export function functionName(table: string): string {
  return `tidemark.${quote(`${table}_marks`)}`;
}

/**
 * SQL of the function that a table's triggers call once per statement. Rows that a statement rewrote without changing what counts append nothing. It runs
 * with the rights of who made it, since users write too, and must never fail.
 */
export function functionStatement(table: string, markings: readonly Marking[]): string {
  const body = (changed: (marking: Marking) => string | undefined) =>
    markings.map((marking) => `    ${marking.append(changed(marking))}`).join('\n');
  return `create or replace function ${functionName(table)}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $marks$
begin
  if tg_op = 'INSERT' then
${body((marking) => `(${rows('new_rows', marking)})`)}
  elsif tg_op = 'UPDATE' then
${body((marking) => changedRows(marking))}
  elsif tg_op = 'DELETE' then
${body((marking) => `(${rows('old_rows', marking)})`)}
  else
${body(() => undefined)}
  end if;
  return null;
end $marks$`;
}

/** SQL of the triggers. */
export function triggerStatements(table: string): string[] {
  const of = (event: string, tables: string, name: string) =>
    `create or replace trigger ${quote(`tidemark_marks_${name}`)} after ${event} on public.${quote(table)} ${tables} for each statement execute function ${functionName(table)}()`;
  return [
    of('insert', 'referencing new table as new_rows', 'insert'),
    of('update', 'referencing old table as old_rows new table as new_rows', 'update'),
    of('delete', 'referencing old table as old_rows', 'delete'),
    of('truncate', '', 'truncate'),
  ];
}

/** How many triggers a table has. */
export const triggersOfTable = 4;

/** What rows were, unless they still are, and what they are, unless they were. */
function changedRows(marking: Marking): string {
  const [before, after] = [rows('old_rows', marking), rows('new_rows', marking)];
  return `((${before} except all ${after}) union all (${after} except all ${before}))`;
}

function rows(from: string, { columns, dead }: Marking): string {
  const names = ['connection_id', 'external_id', ...columns.map(({ name }: Column) => name)];
  return `select ${[...new Set(names)].map((name) => quote(name)).join(', ')} from ${from}${dead ? '' : ' where deleted_at is null'}`;
}
