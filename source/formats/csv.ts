import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { bytesInPart, type DocumentPart, longestRecord, NotThisDocument, recordsInPart } from './document';

/**
 * The rows of a document of separated values, each a list of texts; the first line are the headers. Its end proves itself by nothing.
 * Throws NotThisDocument.
 */
export async function* csvParts(
  bytes: AsyncIterable<Buffer>,
  delimiter: string,
): AsyncGenerator<DocumentPart, void, undefined> {
  let failed: { readonly error: unknown } | undefined;
  const parser = parse({
    delimiter,
    // as many values as there are: a row unlike the headers is set aside, not refused with the whole document
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
  });
  const flowing = pipeline(
    Readable.from(
      (async function* () {
        try {
          yield* bytes;
        } catch (error) {
          failed = { error };
          throw error;
        }
      })(),
      { objectMode: false },
    ),
    parser,
  );
  flowing.catch(() => undefined);
  let headers: readonly string[] | undefined;
  let rows: string[][] = [];
  let characters = 0;
  const part = (): DocumentPart => {
    const made = { kind: 'part', text: Buffer.from(JSON.stringify(rows)), count: rows.length } as const;
    rows = [];
    characters = 0;
    return made;
  };
  try {
    for await (const row of parser as AsyncIterable<string[]>) {
      if (headers === undefined) {
        headers = row;
        yield { kind: 'head', body: { headers } };
        continue;
      }
      rows.push(row);
      for (const value of row) characters += value.length;
      if (rows.length >= recordsInPart || characters >= bytesInPart) yield part();
    }
  } catch (error) {
    if (failed) throw failed.error;
    if (!(error instanceof CsvError)) throw error;
    // its message quotes the row
    throw new NotThisDocument(
      `line ${error.lines ?? '?'} is not what separated values look like (${error.code})`,
      error.code === 'CSV_QUOTE_NOT_CLOSED',
    );
  } finally {
    parser.destroy();
  }
  if (headers === undefined) throw new NotThisDocument('it is empty: there is no line of headers', true);
  if (rows.length > 0) yield part();
  yield { kind: 'end', body: { headers }, proved: false };
}
