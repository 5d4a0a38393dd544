import { longestRecord } from '../document';

/** One record of separated values, with its place in the file. */
export interface DelimitedRecord {
  /** of its first physical line, counted from 1 */
  readonly line: number;
  /** how many physical lines it takes: more than one where a quoted value contains line ends */
  readonly lines: number;
  readonly fields: readonly string[];
  /** the record as the file has it, without its line end */
  readonly text: string;
  /** why its fields cannot be trusted; undefined: they can */
  readonly problem: string | undefined;
}

export interface Dialect {
  /** one character */
  readonly delimiter: string;
  /** what ends a line: `\n` takes a `\r` before it as well */
  readonly lineEnd: '\n' | '\r';
}

/** Records are handed out in lists of at most this many: an `await` for each would cost more than reading it. */
const recordsAtOnce = 1_000;

/**
 * The records of separated values (RFC 4180: quotes around a value, doubled inside it). A quote inside a value that does not begin with
 * one is a letter like any other. A quote that is opened and not closed as it should be makes one bad record of its line, and the next line
 * is read as if nothing were: it does not swallow the rest of the file. Fields are strings as they are, never trimmed.
 *
 * Written for this, since it needs the physical line of each record and goes on behind an open quote: csv-parse stops there, and counts a CRLF
 * inside quotes as two lines.
 */
export async function* delimitedRecords(
  text: AsyncIterable<string>,
  dialect: Dialect,
  longest = longestRecord,
): AsyncGenerator<DelimitedRecord[], void, undefined> {
  let held = '';
  let line = 1;
  // so long must the text be before it is looked at again: a long record is not searched anew with each chunk
  let enough = 0;
  const take = (last: boolean): DelimitedRecord[] => {
    const taken: DelimitedRecord[] = [];
    let at = 0;
    while (at < held.length) {
      const found = recordAt(held, at, dialect, last || held.length - at > longest);
      if (found === undefined) break;
      const { end, fields, problem, next } = found;
      const lines = linesIn(held, at, end, dialect.lineEnd);
      taken.push({ line, lines, fields, text: held.slice(at, end), problem });
      line += lines;
      at = next;
    }
    held = held.slice(at);
    enough = taken.length > 0 ? 0 : held.length * 2;
    return taken;
  };
  for await (const chunk of text) {
    held += chunk;
    if (held.length >= enough) yield* inLists(take(false));
  }
  yield* inLists(take(true));
}

function* inLists(records: DelimitedRecord[]): Generator<DelimitedRecord[]> {
  for (let at = 0; at < records.length; at += recordsAtOnce) yield records.slice(at, at + recordsAtOnce);
}

interface Found {
  readonly fields: string[];
  /** where the record ends, and where the next begins */
  readonly end: number;
  readonly next: number;
  readonly problem: string | undefined;
}

const openQuote = 'a quote is opened and not closed';
const afterQuote = 'a closed quote is followed by other text';

/** The record that begins at `from`; undefined where its end has not come yet. `last`: nothing more comes. */
function recordAt(text: string, from: number, dialect: Dialect, last: boolean): Found | undefined {
  const { delimiter, lineEnd } = dialect;
  const lineStop = text.indexOf(lineEnd, from);
  if (lineStop === -1 && !last) return undefined;
  const stop = lineStop === -1 ? text.length : lineStop;
  const quote = text.indexOf('"', from);
  if (quote === -1 || quote >= stop) return plainLine(text, from, stop, dialect);
  const fields: string[] = [];
  let at = from;
  // a value after a quoted one may be on a later line than the first
  let lineEndAt = stop;
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at);
      if (close === undefined) return last ? badLine(text, from, stop, dialect, openQuote) : undefined;
      // what follows decides what it was
      if (close + 1 >= text.length && !last) return undefined;
      fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
      if (lineEndAt < at) {
        const later = text.indexOf(lineEnd, at);
        if (later === -1 && !last) return undefined;
        lineEndAt = later === -1 ? text.length : later;
      }
      const end = withoutCarriage(text, at, lineEndAt, lineEnd);
      if (at === end) return { fields, end, next: lineEndAt + 1, problem: undefined };
      if (text[at] !== delimiter) return badLine(text, from, stop, dialect, afterQuote);
      at += 1;
    } else {
      const comma = text.indexOf(delimiter, at);
      if (comma === -1 || comma >= lineEndAt) {
        const end = withoutCarriage(text, at, lineEndAt, lineEnd);
        fields.push(text.slice(at, end));
        return { fields, end, next: lineEndAt + 1, problem: undefined };
      }
      fields.push(text.slice(at, comma));
      at = comma + 1;
    }
  }
}

function plainLine(text: string, from: number, stop: number, { delimiter, lineEnd }: Dialect): Found {
  const end = withoutCarriage(text, from, stop, lineEnd);
  return { fields: text.slice(from, end).split(delimiter), end, next: stop + 1, problem: undefined };
}

function badLine(text: string, from: number, stop: number, dialect: Dialect, problem: string): Found {
  return { ...plainLine(text, from, stop, dialect), problem };
}

/** Where the quoted value that begins at `open` ends; undefined where it does not. */
function closingQuote(text: string, open: number): number | undefined {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at === -1 ? undefined : at;
}

function withoutCarriage(text: string, from: number, stop: number, lineEnd: string): number {
  return lineEnd === '\n' && stop > from && text[stop - 1] === '\r' ? stop - 1 : stop;
}

function linesIn(text: string, from: number, end: number, lineEnd: string): number {
  let lines = 1;
  for (let at = text.indexOf(lineEnd, from); at !== -1 && at < end; at = text.indexOf(lineEnd, at + 1)) lines += 1;
  return lines;
}
