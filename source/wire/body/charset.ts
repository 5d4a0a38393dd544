import { isUtf8 } from 'node:buffer';
import { decode, encodingExists } from 'iconv-lite';
import { TransportProblem } from '../transportProblem';

const utf8: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', 'unicode-1-1-utf-8']);
/** What is called ISO 8859-1 is Windows-1252, as the WHATWG's encoding standard has it: it differs only in 32 control codes. */
const windows1252: ReadonlySet<string> = new Set(['iso-8859-1', 'iso8859-1', 'iso_8859-1', 'latin1', 'l1', 'cp819']);
/** iconv-lite also knows encodings of bytes as text, which are no charsets. */
const noCharsets: ReadonlySet<string> = new Set(['base64', 'hex', 'binary', 'utf-7', 'utf7', 'utf-7-imap', 'utf7imap']);
/** longer than any charset's name */
const longestName = 40;

/** Byte order marks; the longer first, since that of UTF-16 begins the one of UTF-32. */
const byteOrderMarks: readonly (readonly [string, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/**
 * The body as UTF-8 without a byte order mark. Its charset is that of the mark, else the one that the `Content-Type` header
 * names, else UTF-8. Throws TransportProblem for an unknown charset, and for bytes that are not of it.
 */
export function inUtf8(body: Buffer, contentType: string | undefined): Buffer {
  const [marked, mark] = byteOrderMarks.find(([, bytes]) => bytes.every((byte, at) => body[at] === byte)) ?? [];
  const charset = marked ?? charsetIn(contentType);
  const plain = mark === undefined ? body : body.subarray(mark.length);
  if (utf8.has(charset)) {
    if (!isUtf8(plain)) throw notOfCharset(charset);
    return plain;
  }
  const name = windows1252.has(charset) ? 'windows-1252' : charset;
  if (noCharsets.has(name) || name.length > longestName || !encodingExists(name)) throw unknownCharset(charset);
  const text = decode(plain, name, { stripBOM: false });
  // what has no character in the charset becomes U+FFFD, which only Unicode's own encodings can hold
  if (!text.isWellFormed() || (text.includes('\ufffd') && !/^(utf|ucs|gb18030)/.test(name)))
    throw notOfCharset(charset);
  return Buffer.from(text, 'utf8');
}

function charsetIn(contentType = ''): string {
  for (const parameter of contentType.toLowerCase().split(';').slice(1)) {
    const [name = '', value = ''] = parameter.split('=', 2);
    if (name.trim() === 'charset') return value.trim().replaceAll('"', '') || 'utf-8';
  }
  return 'utf-8';
}

function unknownCharset(charset: string): TransportProblem {
  return new TransportProblem(`the body is in the charset '${charset.slice(0, longestName)}', which is unknown`, {
    again: false,
    type: 'ContractBroken',
    todo: 'Ask the source for UTF-8 with `headers` of the connector, such as { Accept: "application/json; charset=utf-8" }',
  });
}

function notOfCharset(charset: string): TransportProblem {
  return new TransportProblem(`the body is not text in the charset '${charset}'`, {
    // a body cut inside a character looks like this too
    again: true,
    type: 'ContractBroken',
    todo: 'Nothing was taken from it, so that no letter is guessed; the source has to name the charset it writes',
  });
}
