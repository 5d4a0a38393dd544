import { NotThisDocument } from '../document';
import { type DelimitedRecord, type Dialect, delimitedRecords } from './records';

/** Headers are looked for in the first records … */
const recordsLookedAt = 20;
/** … and the kind of line end in so many characters. */
const sample = 1024 * 1024;

export const delimiters = [',', ';', '\t', '|'] as const;

/** Where a file has its line of headers, and how it is written. */
export interface Heading {
  readonly dialect: Dialect;
  /** of the record of headers, counted from 1 */
  readonly line: number;
  /** the first line after it */
  readonly after: number;
  /** as the file has them */
  readonly headers: readonly string[];
  /** of each column, where in a record it is; columns whose header the file lacks are not in it */
  readonly places: ReadonlyMap<string, number>;
}

/** What is looked for: the names of headers by which a column goes; the first that the file has counts. */
export type Wanted = Readonly<Record<string, readonly string[]>>;

/** Names of headers are compared without spaces around them, in lower case, with single spaces inside. */
export function foldedHeader(name: string): string {
  return name
    .replace(/^\ufeff/, '')
    .normalize('NFC')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .toLowerCase();
}

/**
 * Finds the record of headers among the first ones (title rows may be above it), and the delimiter with which it is one: the pair by which
 * most columns are found. Throws NotThisDocument where there is none, and where a wanted header comes twice.
 */
export async function headingOf(text: AsyncIterable<string>, wanted: Wanted): Promise<Heading> {
  let start = '';
  for await (const chunk of text) {
    start += chunk;
    if (start.length >= sample) break;
  }
  if (start.trim() === '') throw new NotThisDocument('it is empty: it has no line of headers', true);
  const lineEnd = start.includes('\n') || !start.includes('\r') ? '\n' : '\r';
  let best: Heading | undefined;
  for (const delimiter of delimiters) {
    for (const record of await firstRecords(start, { delimiter, lineEnd })) {
      const found = matching(record.fields, wanted);
      if (found.places.size > (best?.places.size ?? 0)) {
        if (found.doubled.length > 0)
          throw new NotThisDocument(`line ${record.line} has the header ${listed(found.doubled)} twice`);
        best = {
          dialect: { delimiter, lineEnd },
          line: record.line,
          after: record.line + record.lines,
          headers: record.fields,
          places: found.places,
        };
      }
    }
  }
  if (best) return best;
  const names = Object.values(wanted).flat();
  throw new NotThisDocument(
    `none of its first ${recordsLookedAt} lines has any of the headers ${listed(names.slice(0, 20))}, separated by comma, semicolon, tab or |`,
  );
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

async function firstRecords(text: string, dialect: Dialect): Promise<DelimitedRecord[]> {
  const first: DelimitedRecord[] = [];
  for await (const records of delimitedRecords(once(text), dialect)) {
    first.push(...records.slice(0, recordsLookedAt - first.length));
    if (first.length >= recordsLookedAt) break;
  }
  return first;
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

function matching(fields: readonly string[], wanted: Wanted): { places: Map<string, number>; doubled: string[] } {
  const at = new Map<string, number[]>();
  for (const [place, field] of fields.entries()) {
    const name = foldedHeader(field);
    at.set(name, [...(at.get(name) ?? []), place]);
  }
  const places = new Map<string, number>();
  const doubled: string[] = [];
  for (const [column, names] of Object.entries(wanted)) {
    const name = names.find((one) => at.has(foldedHeader(one)));
    const [place, second] = name === undefined ? [] : (at.get(foldedHeader(name)) ?? []);
    if (name === undefined || place === undefined) continue;
    places.set(column, place);
    if (second !== undefined) doubled.push(name);
  }
  return { places, doubled };
}
