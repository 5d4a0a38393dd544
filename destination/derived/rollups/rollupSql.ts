import type { InputOfRollup, Rollup } from '../../../schema/definition/rollups';
import { quote } from '../../database/identifiers';
import { dayOf, nearDay, readColumns } from './days';

/** A column that a roll-up's select makes. */
export interface RollupColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * SQL that computes one day of a connection. The inputs hold the rows of that day and no others, so that a row whose change marks other days cannot
 * count. Parameters, in this order: connection, day, zone; then connection, day.
 */
export function computeStatement(rollup: Rollup, columns: readonly RollupColumn[]): string {
  const names = columns.map(({ name }) => quote(name));
  const some = rollup.inputs
    .filter(({ days }) => days !== undefined)
    .map(({ entity }) => `exists (select from ${quote(entity)})`);
  return `with asked as (select cast(? as text) collate "C" as connection_id, cast(? as date) as day, cast(? as text) as zone),
${rollup.inputs.map(inputTable).join(',\n')}
insert into public.${quote(rollup.table)} (connection_id, day, ${names.join(', ')})
select ?, cast(? as date), ${names.map((name) => `q.${name}`).join(', ')} from (
${escaped(rollup.sql)}
) q where ${some.join(' or ')}`;
}

/** SQL of a view that has the columns of a roll-up's select and needs no table: its inputs are empty. */
export function shapeStatement(rollup: Rollup, view: string): string {
  const inputs = rollup.inputs.map((input) => {
    const days = (input.days ?? []).map(({ name }) => `null::date as ${quote(`${name}_day`)}`);
    const columns = readColumns(input).map(({ name, type }) => `null::${type} as ${quote(name)}`);
    return `${quote(input.entity)} as (select ${[...columns, ...days, 'null::date as rollup_day'].join(', ')} where false)`;
  });
  return `create temporary view ${quote(view)} as with ${inputs.join(',\n')} select * from (
${escaped(rollup.sql)}
) q`;
}

function inputTable(input: InputOfRollup): string {
  const columns = readColumns(input).map(({ name }) => `t.${quote(name)}`);
  const days = (input.days ?? []).map((column) => ({
    day: dayOf('t', column, 'a.zone'),
    near: nearDay('t', column, 'a.day'),
    as: quote(`${column.name}_day`),
  }));
  const ofDay = days.map(({ day, near }) => `(${near} and ${day} = a.day)`);
  const selected = [...columns, ...days.map(({ day, as }) => `${day} as ${as}`), 'a.day as rollup_day'];
  return `${quote(input.entity)} as (select ${selected.join(', ')}
  from public.${quote(input.table)} t join asked a on t.connection_id = a.connection_id
  where t.deleted_at is null${ofDay.length === 0 ? '' : ` and (${ofDay.join(' or ')})`})`;
}

/** knex would take a ? for a binding. */
function escaped(sql: string): string {
  return sql.replaceAll('?', '\\?');
}
