import { bytesInPart, type DocumentPart, longestRecord, NotThisDocument, recordsInPart } from './document';

const lineEnd = 0x0a;

/** The records of a document with a JSON value on each line. Its end proves itself by nothing. Throws NotThisDocument. */
export async function* ndjsonParts(bytes: AsyncIterable<Buffer>): AsyncGenerator<DocumentPart, void, undefined> {
  yield { kind: 'head', body: {} };
  let pieces: Buffer[] = [];
  let held = 0;
  let lines: Buffer[] = [];
  let lineBytes = 0;
  const part = (): DocumentPart => {
    const separated = lines.flatMap((line, at) => (at === 0 ? [line] : [Buffer.from(','), line]));
    const made = {
      kind: 'part',
      text: Buffer.concat([Buffer.from('['), ...separated, Buffer.from(']')]),
      count: lines.length,
    } as const;
    lines = [];
    lineBytes = 0;
    return made;
  };
  const line = (text: Buffer) => {
    if (text.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) return;
    lines.push(text);
    lineBytes += text.length;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(lineEnd); at !== -1; at = chunk.indexOf(lineEnd, from)) {
      line(Buffer.concat([...pieces, chunk.subarray(from, at)]));
      pieces = [];
      held = 0;
      from = at + 1;
      if (lines.length >= recordsInPart || lineBytes >= bytesInPart) yield part();
    }
    const rest = chunk.subarray(from);
    pieces.push(rest);
    held += rest.length;
    if (held > longestRecord) throw new NotThisDocument(`a line is longer than ${longestRecord} bytes`);
  }
  line(Buffer.concat(pieces));
  if (lines.length > 0) yield part();
  yield { kind: 'end', body: {}, proved: false };
}
