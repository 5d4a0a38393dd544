import { encode } from 'iconv-lite';
import { inUtf8 } from './charset';

const text = '{"name":"Zoë € “quoted” – 日本"}';
const western = '{"name":"Zoë € “quoted” – ž"}';

test.each<[string, Buffer, string | undefined, string]>([
  ['Windows-1252', encode(western, 'windows-1252'), 'application/json; charset=windows-1252', western],
  [
    'ISO 8859-1, which is sent as Windows-1252',
    encode(western, 'windows-1252'),
    'application/json;charset="ISO-8859-1"',
    western,
  ],
  ['UTF-8 by default', Buffer.from(text), undefined, text],
  ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`), 'application/json', text],
  [
    'a byte order mark against the header',
    Buffer.from(`\ufeff${text}`),
    'application/json; charset=windows-1252',
    text,
  ],
  ['UTF-16 by its mark', encode(text, 'utf-16le', { addBOM: true }), 'application/json', text],
  ['UTF-16, the other order', encode(text, 'utf-16be', { addBOM: true }), undefined, text],
  ['UTF-16 by the header', encode(text, 'utf-16le'), 'application/json; charset=utf-16le', text],
  ['UTF-32 by its mark', encode(text, 'utf-32le', { addBOM: true }), undefined, text],
  ['Shift_JIS', encode('{"name":"日本"}', 'shift_jis'), 'text/json; a=b; Charset=Shift_JIS', '{"name":"日本"}'],
  ['GB18030', encode(text, 'gb18030'), 'application/json; charset=gb18030', text],
  ['ASCII', Buffer.from('{}'), 'application/json; charset=us-ascii', '{}'],
])('%s', (_, body, contentType, expected) => {
  expect(inUtf8(body, contentType).toString()).toBe(expected);
});

test.each([
  [
    'bytes that Windows-1252 does not have',
    Buffer.from([0x22, 0x81, 0x22]),
    'a/b; charset=windows-1252',
    /not text in the charset/,
  ],
  ['half a character of UTF-8', Buffer.from(text).subarray(0, 12), undefined, /not text in the charset 'utf-8'/],
  ['half a surrogate pair in UTF-16', Buffer.from([0x22, 0, 0x3e, 0xd8, 0x22, 0]), 'a/b; charset=utf-16le', /not text/],
  ['an unknown charset', Buffer.from('{}'), 'a/b; charset=klingon', /charset 'klingon', which is unknown/],
  ['an encoding that is no charset', Buffer.from('{}'), 'a/b; charset=base64', /charset 'base64', which is unknown/],
])('%s: refused', (_, body, contentType, message) => {
  expect(() => inUtf8(body, contentType)).toThrow(message);
});
