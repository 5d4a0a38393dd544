import type { z } from 'zod';
import type { Column } from './columns';
import type { InputOfRollup, Rollup, rollup } from './rollups';

interface EntityOfInput {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly Column[];
}

const dayTypes: ReadonlySet<string> = new Set(['date', 'timestamp with time zone', 'timestamp without time zone']);

/** What gives something else each time; a rebuild would not give the same rows. */
const changing =
  /\b(now|random|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|gen_random_uuid|nextval)\s*\(|\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b/i;

/** The roll-ups of a connector with their tables, and the mistakes in them, each with its path. */
export function rollupsOf(
  connector: string,
  rollups: readonly z.infer<typeof rollup>[],
  entities: readonly EntityOfInput[],
): { readonly rollups: readonly Rollup[]; readonly found: string[] } {
  const found: string[] = [];
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  const tables = new Set(entities.map(({ table }) => table));
  const names = new Set<string>();
  const complete = rollups.map((declared) => {
    const { name } = declared;
    const at = `${connector}.rollups.${name}`;
    const table = declared.table ?? `${connector}_${name}`;
    if (names.has(name)) found.push(`${at}: defined twice`);
    if (tables.has(table)) found.push(`${at}.table: '${table}' is the table of an entity or of another roll-up`);
    if (table.length > 50) found.push(`${at}.table: '${table}' is longer than 50 characters; set a shorter one`);
    names.add(name);
    tables.add(table);
    found.push(...sqlMistakes(at, declared.sql));
    if (Object.keys(declared.inputs).length === 0) found.push(`${at}.inputs: name an entity at least`);
    const inputs = Object.entries(declared.inputs).flatMap(([entity, { days }]): InputOfRollup[] => {
      const known = byName.get(entity);
      if (known === undefined) {
        found.push(`${at}.inputs.${entity}: there is no entity '${entity}'`);
        return [];
      }
      const { columns } = known;
      if (days === 'all') return [{ entity, table: known.table, columns, days: undefined }];
      found.push(...dayMistakes(`${at}.inputs.${entity}`, days, columns));
      return [{ entity, table: known.table, columns, days: columns.filter((column) => days.includes(column.name)) }];
    });
    if (inputs.length > 0 && inputs.every(({ days }) => days === undefined))
      found.push(`${at}.inputs: of one entity at least, name the columns that say to which day a row belongs`);
    const { sql, key, timeZone } = declared;
    return { connector, name, table, inputs, sql, key, timeZone };
  });
  return { rollups: complete, found };
}

function sqlMistakes(at: string, sql: string): string[] {
  const found: string[] = [];
  const [time] = changing.exec(sql) ?? [];
  if (time !== undefined)
    found.push(`${at}.sql: '${time}' gives something else each time, but a day computed again must give the same`);
  if (sql.includes('\0')) found.push(`${at}.sql: holds a character that PostgreSQL cannot store`);
  if (/;\s*$/.test(sql)) found.push(`${at}.sql: must be one select, without a semicolon`);
  return found;
}

function dayMistakes(at: string, days: readonly string[], columns: readonly Column[]): string[] {
  return days.flatMap((day) => {
    const column = columns.find(({ name }) => name === day);
    if (column === undefined) return [`${at}.days: there is no column '${day}' in row`];
    if (!dayTypes.has(column.type))
      return [`${at}.days: column '${day}' is ${column.type}, but a day comes from a date or a time`];
    const taken = ['rollup_day', `${day}_day`].find((name) => columns.some((one) => one.name === name));
    return taken === undefined ? [] : [`${at}.days: row has a column '${taken}', which the engine adds for the day`];
  });
}
