import type { Report } from '../../schema/definition/listings/report';
import { plainBytes } from '../formats/bytes';
import { csvParts } from '../formats/csv';
import type { DocumentPart } from '../formats/document';
import { jsonParts } from '../formats/json';
import { ndjsonParts } from '../formats/ndjson';
import type { Download } from '../wire/download';

/** The parts of a document in its declared format; its end is proved by the format or by a checksum. Throws NotThisDocument, TransportProblem. */
export async function* partsOf(
  { document }: Pick<Report, 'document'>,
  download: Download,
  gzip: boolean,
): AsyncGenerator<DocumentPart, void, undefined> {
  const plain = plainBytes(download.bytes, { encoding: download.headers['content-encoding'], mustBeGzip: gzip });
  for await (const part of reading(plain.bytes)) {
    yield part.kind === 'end' ? { ...part, proved: part.proved || plain.checked() } : part;
  }

  function reading(bytes: AsyncIterable<Buffer>): AsyncIterable<DocumentPart> {
    switch (document.format) {
      case 'json':
        return jsonParts(bytes, document.records);
      case 'ndjson':
        return ndjsonParts(bytes);
      case 'csv':
        return csvParts(bytes, document.delimiter ?? ',');
      case 'tsv':
        return csvParts(bytes, '\t');
    }
  }
}
