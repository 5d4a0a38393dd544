import { z } from 'zod';
import type { JsonObject } from '../json/json';
import { pathOrFunction } from './callbacks';
import type { Column } from './columns';

const header = z.string().min(1);

const tokens = /^(?=.*DD)(?=.*MM)(?=.*YYYY)(DD|MM|YYYY|HH|mm|ss|[-/. T:])+$/;

/**
 * Where a column of a file is, and how its values are written.
 * @example
 * { header: ['Function Date', 'Date'], format: 'DD-MM-YYYY', normalise: (text) => text.replaceAll('.', '-') }
 */
export const importColumn = z.strictObject({
  /** The header of the column in the file, or several names for it: the first that the file has counts. Capitals and spaces around a name do not matter. Without it the column comes from `--set` alone. */
  header: z.union([header, z.array(header).min(1)]).default([]),
  /** How dates and times are written: `DD`, `MM`, `YYYY`, `HH`, `mm`, `ss`, separated by `-`, `/`, `.`, `:` or a space (`-`, `/` and `.` are the same). A time without a zone is that of the connection's time zone. Default: ISO 8601. */
  format: z
    .string()
    .regex(tokens, { error: "must be made of DD, MM and YYYY, such as 'DD-MM-YYYY', and HH, mm, ss for a time" })
    .optional(),
  /** Makes different spellings of a text one before it is checked, stored and used in the key, such as `lastDigits(10)` for phone numbers. */
  normalise: z
    .custom<(text: string) => string>((value) => typeof value === 'function', { error: 'must be a function' })
    .optional(),
});

/**
 * How files of separated values (CSV) become rows: `tidemark import`. The entity's `map` and `key` are not used; each value is read as the type
 * of its column, and must fit its field in `row`. Text stays as it is but for spaces around it, so leading zeros are kept; an empty value is null.
 * @example
 * {
 *   columns: { name: 'Customer Name', date: { header: ['Function Date', 'Date'], format: 'DD-MM-YYYY' } },
 *   key: compositeKey(['name', 'date']),
 *   conflict: 'update',
 * }
 */
export const importFile = z.strictObject({
  /** For each column of `row` that a file may fill, its header, several names for it, or an object. A column whose header the file lacks keeps its value in rows that exist. */
  columns: z.record(z.string(), z.union([header, z.array(header).min(1), importColumn])),
  /** Where the values of a line contain its id: the name of a column, a function of the values, or `compositeKey` of columns. A line without it is set aside. */
  key: pathOrFunction,
  /** `update`: a line changes a row that exists, unless a later response of the source wrote it. `skip`: only rows that do not exist yet are written. */
  conflict: z.enum(['update', 'skip']).default('update'),
});
export type ImportFile = z.infer<typeof importFile>;

/** As an author writes it. */
export type ImportFileInput = Omit<z.input<typeof importFile>, 'key'> & {
  readonly key: string | ((values: JsonObject) => string | number | null | undefined);
};

/** A column of a file as the engine reads it. */
export interface ImportedColumn extends Column {
  /** none: it is filled by `--set` alone */
  readonly headers: readonly string[];
  readonly format: string | undefined;
  readonly normalise: ((text: string) => string) | undefined;
}

/** The columns that a file may fill, in the order of the row. */
export function importedColumns({ columns: named }: ImportFile, columns: readonly Column[]): ImportedColumn[] {
  return columns.flatMap((column) => {
    const given = named[column.name];
    if (given === undefined) return [];
    const { header, format, normalise } =
      typeof given === 'object' && 'header' in given
        ? given
        : { header: given as string | string[], format: undefined, normalise: undefined };
    return [{ ...column, headers: [header].flat(), format, normalise }];
  });
}

/** What is wrong with the definition of an import, with the path of each mistake. */
export function importMistakes(
  at: string,
  { columns: named, key }: ImportFile,
  entity: { readonly columns: readonly Column[]; readonly hasRelated: boolean },
): string[] {
  const found: string[] = [];
  const known = new Map(entity.columns.map((column) => [column.name, column]));
  const users = new Map<string, string>();
  for (const name of Object.keys(named)) {
    if (!known.has(name)) found.push(`${at}.columns.${name}: there is no column '${name}' in row`);
  }
  if (Object.keys(named).length === 0) found.push(`${at}.columns: names no column`);
  for (const { name, type, headers, format } of importedColumns(
    { columns: named, key, conflict: 'update' },
    entity.columns,
  )) {
    if (format !== undefined && type !== 'date' && !type.startsWith('timestamp'))
      found.push(`${at}.columns.${name}.format: only a date or a time has a format, but the column is ${type}`);
    for (const one of headers) {
      const other = users.get(one.trim().toLowerCase());
      if (other !== undefined) found.push(`${at}.columns.${name}: '${one}' is a header of '${other}' already`);
      users.set(one.trim().toLowerCase(), name);
    }
  }
  if (typeof key === 'string' && !Object.hasOwn(named, key))
    found.push(`${at}.key: there is no column '${key}' in ${at}.columns`);
  if (entity.hasRelated) found.push(`${at}: rows with related records cannot be imported; leave out related`);
  return found;
}
