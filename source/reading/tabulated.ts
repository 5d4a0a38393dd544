import type { Tabular } from '../../schema/definition/listings/tabular';
import { valueAt } from '../../schema/json/json';
import { SourceText } from '../../schema/json/sourceText';
import type { ListAnswer } from '../paging';
import { elementsOf } from './elementsOf';
import { NotThisList } from './notThisList';

/** The rows of a table as objects. */
export interface Tabulated {
  /** a row that does not fit the headers stays the list that it is */
  readonly records: readonly unknown[];
  /** headers that the definition does not know */
  readonly unknown: readonly string[];
  /** What `ListAnswer.sentAs` is for these records, made of that of the rows. */
  sentAs(ofRow: ListAnswer['sentAs']): ListAnswer['sentAs'];
}

/** Makes objects of rows. Throws NotThisList where a needed header is missing or comes twice, or where headers are not what is declared. */
export function tabulated(definition: Tabular, body: unknown, rows: readonly unknown[]): Tabulated {
  const headers = headersIn(definition, body);
  // a response without any data may come without headers
  const names = headers.length === 0 && rows.length === 0 ? [] : fieldNames(definition, headers);
  const rowOf = new Map<unknown, unknown>();
  const records = rows.map((row) => {
    if (!Array.isArray(row) || row.length !== names.length) return row;
    const record = Object.fromEntries(names.map((name, at) => [name, row[at]]));
    rowOf.set(record, row);
    return record;
  });
  return {
    records,
    unknown: unknownOf(definition, headers),
    sentAs: (ofRow) => (record) => {
      const row = rowOf.get(record);
      const sent = ofRow(row ?? record);
      if (row === undefined) return sent && { ...sent, problem: misfit(record, names.length) };
      return sent && { ...sent, text: new SourceText(objectText(sent.text.text, names)) };
    },
  };
}

function misfit(record: unknown, headers: number): string {
  if (!Array.isArray(record)) return 'the row is not a list of values';
  return `the row has ${record.length} values, and there are ${headers} headers`;
}

/** The row's own text with its names, so that numbers keep every digit. */
function objectText(row: string, names: readonly string[]): string {
  const values = elementsOf(row);
  return `{${names.map((name, at) => `${JSON.stringify(name)}:${values[at] ?? 'null'}`).join(',')}}`;
}

function headersIn({ headers: path, headerName }: Tabular, body: unknown): string[] {
  const found = valueAt(body, path);
  if (!Array.isArray(found)) throw new NotThisList(`'${path}' in the body is not a list of headers`);
  return found.map((header, at) => {
    const name = headerName === undefined ? header : valueAt(header, headerName);
    if (typeof name === 'string' && name.trim() !== '') return name.trim();
    throw new NotThisList(`header ${at + 1} at '${path}' has no name`);
  });
}

/** The name of each column's field. */
function fieldNames({ fields, optional }: Tabular, headers: readonly string[]): string[] {
  const fieldAt = new Map<number, string>();
  for (const [field, declared] of Object.entries(fields)) {
    const aliases = [declared].flat();
    const name = aliases.find((alias) => headers.includes(alias));
    if (name === undefined) {
      if (optional.includes(field)) continue;
      throw new NotThisList(`there is no header ${aliases.map((alias) => `'${alias}'`).join(' or ')}`);
    }
    if (headers.indexOf(name) !== headers.lastIndexOf(name))
      throw new NotThisList(`the header '${name}' comes more than once`);
    fieldAt.set(headers.indexOf(name), field);
  }
  const taken = new Set(Object.keys(fields));
  return headers.map((header, at) => fieldAt.get(at) ?? freeName(header, taken));
}

/** A header that is not needed may come twice, or be called as a field is. */
function freeName(header: string, taken: Set<string>): string {
  let name = header;
  for (let count = 2; taken.has(name); count += 1) name = `${header} (${count})`;
  taken.add(name);
  return name;
}

function unknownOf({ fields, others }: Tabular, headers: readonly string[]): string[] {
  const known = new Set([...Object.values(fields).flat(), ...(others ?? [])]);
  return [...new Set(headers)].filter((header) => !known.has(header));
}
