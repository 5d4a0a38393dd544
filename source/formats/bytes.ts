import { isUtf8 } from 'node:buffer';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { NotThisDocument } from './document';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The plain bytes of a document, and whether a checksum proved their end once they have been read. */
export interface PlainBytes {
  readonly bytes: AsyncIterable<Buffer>;
  readonly checked: () => boolean;
}

/**
 * Undoes the encoding that the header names, and gzip of the document itself, which its first two bytes show. `mustBeGzip`: the source
 * said so. The bytes throw NotThisDocument where they are damaged or cut, and where they are not UTF-8.
 */
export function plainBytes(
  sent: AsyncIterable<Buffer>,
  { encoding, mustBeGzip }: { readonly encoding: string | undefined; readonly mustBeGzip: boolean },
): PlainBytes {
  let checked = false;
  const name = encoding?.trim().toLowerCase() ?? '';
  return { bytes: utf8Only(plain()), checked: () => checked };

  async function* plain(): AsyncGenerator<Buffer> {
    let zipped = false;
    const decoded = name === '' || name === 'identity' ? sent : through(decoderOf(name), sent);
    const opened = await beginning(decoded);
    if (opened.start[0] === 0x1f && opened.start[1] === 0x8b) {
      zipped = true;
      yield* through(createGunzip(), opened.all);
    } else if (mustBeGzip && !name.endsWith('gzip')) {
      throw new NotThisDocument('it is said to be compressed with gzip, but it is not');
    } else yield* opened.all;
    // both have a checksum and a length at their end, which were compared
    checked = zipped || name.endsWith('gzip');
  }
}

function decoderOf(name: string): Transform {
  const make = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
  if (!make) throw new NotThisDocument(`it is encoded as '${name.slice(0, 40)}', which cannot be read`);
  return make();
}

async function* through(decoder: Transform, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let failed: unknown;
  const flowing = pipeline(
    Readable.from(
      noting(bytes, (error) => (failed = error)),
      { objectMode: false },
    ),
    decoder,
  );
  // the reader of the decoder sees it
  flowing.catch(() => undefined);
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
    await flowing;
  } catch (error) {
    // the connection's own fault counts, not what it did to the decoder
    if (failed !== undefined) throw failed;
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_') && !code.startsWith('ERR_')) throw error;
    throw new NotThisDocument(`it is compressed and damaged or cut short (${code})`, code === 'Z_BUF_ERROR');
  } finally {
    decoder.destroy();
  }
}

async function* noting(bytes: AsyncIterable<Buffer>, note: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    note(error);
    throw error;
  }
}

/** The first two bytes, and all of them. */
async function beginning(bytes: AsyncIterable<Buffer>): Promise<{ start: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < 2) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (start.length > 0) yield start;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { start, all: all() };
}

const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes in chunks that end between two characters, without a byte order mark. Throws NotThisDocument where they are not UTF-8. */
async function* utf8Only(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let first = true;
  for await (const chunk of bytes) {
    let all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (first && all.length < mark.length) {
      rest = all;
      continue;
    }
    if (first && all.subarray(0, mark.length).equals(mark)) all = all.subarray(mark.length);
    first = false;
    const whole = all.length - unfinished(all);
    rest = all.subarray(whole);
    const text = all.subarray(0, whole);
    if (!isUtf8(text)) throw new NotThisDocument('it is not text in UTF-8');
    if (text.length > 0) yield text;
  }
  if (!isUtf8(rest)) throw new NotThisDocument('it ends within a character', true);
  if (rest.length > 0) yield rest;
}

/** How many bytes at the end belong to a character that has not come in full. */
export function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
