import type { ImportedLine } from '../../destination/imports/importBatch';
import type { LineError } from '../../destination/imports/importErrors';
import { decoded, type TextEncoding } from '../../source/formats/delimited/encoding';
import { foldedHeader } from '../../source/formats/delimited/heading';
import { type DelimitedRecord, type Dialect, delimitedRecords } from '../../source/formats/delimited/records';
import type { ReadLine } from '../../source/record/readLine';

/** How a file is written, and where its headers are. */
export interface FileForm extends Dialect {
  readonly encoding: TextEncoding;
  /** of the record of headers, and the first line after it */
  readonly headerLine: number;
  readonly after: number;
  readonly headers: readonly string[];
}

/** Some records of a file, by what they are. */
export interface FileLines {
  /** of the last record; every line up to it has been read */
  readonly upTo: number;
  /** lines of titles and headers, the repeated ones inside the file among them */
  readonly headings: number;
  readonly blank: number;
  /** further lines of records that take several */
  readonly continued: number;
  readonly rows: readonly ImportedLine[];
  readonly bad: readonly LineError[];
}

/** Reads a file to its end, some records at a time, each line by what it is. */
export async function* fileLines(
  bytes: AsyncIterable<Buffer>,
  form: FileForm,
  read: (fields: readonly string[]) => ReadLine,
): AsyncGenerator<FileLines> {
  const header = form.headers.map(foldedHeader).join('\0');
  for await (const records of delimitedRecords(decoded(bytes, form.encoding), form)) {
    let headings = 0;
    let blank = 0;
    let continued = 0;
    const rows: ImportedLine[] = [];
    const bad: LineError[] = [];
    for (const record of records) {
      const { line, lines, fields, text, problem } = record;
      if (line < form.after) headings += lines;
      else if (isBlank(record)) blank += lines;
      else if (isHeader(fields, form.headers, header)) headings += lines;
      else {
        continued += lines - 1;
        const said = problem === undefined ? read(fields) : { problem };
        if ('problem' in said) bad.push({ line, problem: said.problem, content: text });
        else rows.push({ line, answer: said, content: text });
      }
    }
    const last = records.at(-1);
    yield { upTo: last === undefined ? 0 : last.line + last.lines - 1, headings, blank, continued, rows, bad };
  }
}

function isBlank({ fields, problem }: DelimitedRecord): boolean {
  return problem === undefined && fields.every((field) => field.trim() === '');
}

function isHeader(fields: readonly string[], headers: readonly string[], folded: string): boolean {
  // most lines differ in their first value, which is cheap to see
  return (
    fields.length === headers.length &&
    foldedHeader(fields[0] ?? '') === foldedHeader(headers[0] ?? '') &&
    fields.map(foldedHeader).join('\0') === folded
  );
}
