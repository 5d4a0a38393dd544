import type { InputOfRollup, Rollup } from '../../../schema/definition/rollups';
import type { Marking } from '../marks/marking';
import { dayOf } from './days';

/**
 * Marks the days of rows that a roll-up reads. By the zone that its days were computed with, which the mark keeps: a writer that began before another zone
 * was stored may commit after it. Without a zone, nothing was computed yet, and all days are marked.
 */
export function rollupMarking(rollup: Rollup, input: InputOfRollup): Marking {
  const name = literal(rollup.table);
  const marks = 'insert into tidemark.rollup_marks';
  const { days } = input;
  return {
    columns: input.columns,
    dead: false,
    append(changed) {
      if (changed === undefined) return `${marks} (rollup) values (${name});`;
      if (days === undefined)
        return `${marks} (rollup, connection_id) select distinct ${name}, n.connection_id from ${changed} n;`;
      const ofRow = days.map((column) => `(${dayOf('n', column, 'z.zone')})`);
      return `${marks} (rollup, connection_id, day, zone)
    select distinct ${name}, n.connection_id, d.day, z.zone
    from ${changed} n left join tidemark.rollup_zones z on z.rollup = ${name} and z.connection_id = n.connection_id
    cross join lateral (values ${ofRow.join(', ')}) d(day)
    where d.day is not null or z.zone is null;`;
    },
  };
}

function literal(name: string): string {
  return `'${name}'`;
}
