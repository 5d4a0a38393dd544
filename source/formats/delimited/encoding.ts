import { isUtf8 } from 'node:buffer';
import { getDecoder } from 'iconv-lite';
import { unfinished } from '../bytes';
import { NotThisDocument } from '../document';

export const textEncodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'latin1'] as const;
/** By which the bytes of a file become letters. */
export type TextEncoding = (typeof textEncodings)[number];

const marks: readonly (readonly [TextEncoding, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Bytes for which Windows-1252 has a letter and Latin-1 has a control character. */
const ofWindows = new Set(Array.from({ length: 32 }, (_, at) => 0x80 + at).filter((byte) => !unassigned(byte)));

function unassigned(byte: number): boolean {
  return byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d;
}

/** Beginnings of files that are known not to be text, by what they are. */
const others: readonly (readonly [string, readonly number[]])[] = [
  ['a workbook or another archive (such as .xlsx); save it as CSV first', [0x50, 0x4b, 0x03, 0x04]],
  ['a workbook of an old kind (.xls); save it as CSV first', [0xd0, 0xcf, 0x11, 0xe0]],
  ['a PDF', [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['a picture (PNG)', [0x89, 0x50, 0x4e, 0x47]],
  ['a picture (JPEG)', [0xff, 0xd8, 0xff]],
  ['compressed with gzip; unpack it first', [0x1f, 0x8b]],
];

/**
 * The encoding of a file, decided over all of its bytes: the first letter outside ASCII may be in its last line. By its byte order mark;
 * else by NUL bytes in every second place (UTF-16); else UTF-8 where all bytes are; else Windows-1252 where a byte is one of its own
 * letters; else Latin-1. Throws NotThisDocument for what is no text, and for an empty file.
 */
export async function encodingOf(bytes: AsyncIterable<Buffer>): Promise<TextEncoding> {
  let start: Buffer = Buffer.alloc(0);
  let length = 0;
  const nul = [0, 0];
  let controls = 0;
  let windows = false;
  let utf8 = true;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    if (start.length < 8) start = Buffer.concat([start, chunk.subarray(0, 8)]);
    if (utf8) {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = all.length - unfinished(all);
      utf8 = isUtf8(all.subarray(0, whole));
      rest = all.subarray(whole);
    }
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte >= 0x20 && byte < 0x80) continue;
      if (byte === 0) nul[(length + at) & 1] = (nul[(length + at) & 1] ?? 0) + 1;
      else if (byte < 0x20) controls += byte === 0x09 || byte === 0x0a || byte === 0x0d ? 0 : 1;
      else if (byte < 0xa0 && ofWindows.has(byte)) windows = true;
    }
    length += chunk.length;
  }
  if (length === 0) throw new NotThisDocument('it is empty', true);
  const other = others.find(([, begins]) => begins.every((byte, at) => start[at] === byte));
  if (other) throw new NotThisDocument(`it is ${other[0]}`);
  const marked = marks.find(([, mark]) => mark.every((byte, at) => start[at] === byte))?.[0];
  if (marked !== undefined && (marked !== 'utf-8' || utf8)) return marked;
  const [even = 0, odd = 0] = nul;
  if (odd > length / 8 && even * 20 < odd) return 'utf-16le';
  if (even > length / 8 && odd * 20 < even) return 'utf-16be';
  // a few stray NUL bytes make bad lines, a file full of them is none of lines
  if ((controls + even + odd) * 50 > length && controls + even + odd > 10)
    throw new NotThisDocument('it is not text: it is full of control characters');
  if (utf8 && isUtf8(rest)) return 'utf-8';
  return windows ? 'windows-1252' : 'latin1';
}

/** The text of a file, without its byte order mark. What has no letter in the encoding becomes U+FFFD. */
export async function* decoded(
  bytes: AsyncIterable<Buffer>,
  encoding: TextEncoding,
): AsyncGenerator<string, void, undefined> {
  const decoder = getDecoder(encoding === 'latin1' ? 'iso-8859-1' : encoding, { stripBOM: true });
  for await (const chunk of bytes) {
    const text = decoder.write(chunk);
    if (text !== '') yield text;
  }
  const rest = decoder.end() ?? '';
  if (rest !== '') yield rest;
}
