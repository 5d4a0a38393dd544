import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { plainBytes } from './bytes';
import { csvParts } from './csv';
import { type DocumentPart, NotThisDocument } from './document';
import { jsonParts } from './json';
import { ndjsonParts } from './ndjson';

/** The text in chunks of this many bytes. */
async function* chunked(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(parts: AsyncIterable<DocumentPart>) {
  const records: unknown[] = [];
  const sizes: number[] = [];
  let head: unknown;
  let end: (DocumentPart & { kind: 'end' }) | undefined;
  for await (const part of parts) {
    if (part.kind === 'head') head = part.body;
    else if (part.kind === 'part') {
      const values = JSON.parse(part.text.toString('utf8'));
      expect(values).toHaveLength(part.count);
      sizes.push(part.count);
      records.push(...values);
    } else end = part;
  }
  return { records, sizes, head, end };
}

const awkward = [
  ['a "quoted" [text], {with} \\ signs', null, true, -1.5e3, { a: [1, [2, {}]], '}': ']' }],
  ['ünïcödé 😀 \u2028', '', false, 0, []],
  ['\\', '\\"', '],[', '},{', '\\\\'],
];

test('a JSON document in chunks of any size: records, what is before them, and what is around them', async () => {
  const text = JSON.stringify(
    { id: 7, nested: { deep: [1, 2] }, headers: ['a', 'b'], data: { rows: awkward }, total: 3 },
    null,
    2,
  );
  for (const size of [1, 2, 3, 7, 64, 10_000]) {
    const { records, head, end } = await read(jsonParts(chunked(text, size), 'data.rows'));
    expect(records).toEqual(awkward);
    expect(head).toEqual({ id: 7, nested: { deep: [1, 2] }, headers: ['a', 'b'], data: { rows: [] } });
    expect(end).toMatchObject({ body: { total: 3, data: { rows: [] } }, proved: true });
  }
});

test.each([
  ['[]', '', 0],
  ['[ ]', '', 0],
  ['{"rows":[]}', 'rows', 0],
  ['[1, "x" ]', '', 2],
  ['{"a":[{"rows":[5]}]}', 'a.0.rows', 1],
  ['{"a":[{"rows":[1]},{"rows":[5,6]}]}', 'a.1.rows', 2],
  ['{"x":{"rows":[1,2]},"rows":[5]}', 'rows', 1],
])('%s at %p', async (text, path, count) => {
  for (const size of [1, 100]) expect((await read(jsonParts(chunked(text, size), path))).records).toHaveLength(count);
});

test('where a part ends depends on the document, not on how its bytes came', async () => {
  const text = JSON.stringify({ rows: Array.from({ length: 2_500 }, (_, id) => ({ id })) });
  const bySize = await Promise.all(
    [3, 1_000, 100_000].map(async (size) => (await read(jsonParts(chunked(text, size), 'rows'))).sizes),
  );
  expect(bySize).toEqual([
    [1_000, 1_000, 500],
    [1_000, 1_000, 500],
    [1_000, 1_000, 500],
  ]);
});

test.each([
  ['cut in a record', '{"rows":[{"id":1},{"id"', true],
  ['cut after a record', '{"rows":[{"id":1},{"id":2}', true],
  ['cut after the list', '{"rows":[{"id":1}],', true],
  ['empty', '', true],
  ['no list there', '{"data":[1]}', false],
  ['something behind its end', '{"rows":[1]} {}', false],
  ['a list that ends with a comma', '{"rows":[1,]}', false],
  ['a web page', '<html></html>', false],
  ['a text', '"rows"', false],
])('a JSON document that is %s is refused', async (_, text, cut) => {
  const error = await read(jsonParts(chunked(text, 5), 'rows')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotThisDocument);
  expect(error).toMatchObject({ cut });
});

test('a record that is longer than what is held is refused', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"rows":["');
    for (let times = 0; times < 40; times += 1) yield Buffer.alloc(1024 * 1024, 'x');
  }
  await expect(read(jsonParts(endless(), 'rows'))).rejects.toThrow('a record is longer');
});

test('lines of JSON, the last one without a line end', async () => {
  const lines = '{"id":1}\r\n\n{"id":"a\\nb"}\n{"id":3}';
  for (const size of [1, 4, 100]) {
    const { records, end } = await read(ndjsonParts(chunked(lines, size)));
    expect(records).toEqual([{ id: 1 }, { id: 'a\nb' }, { id: 3 }]);
    expect(end?.proved).toBe(false);
  }
});

test('separated values: quotes, line ends in values, a row of another length', async () => {
  const text = 'id,name\r\n1,"Smith, ""Jo"""\r\n2,"two\nlines"\r\n3\r\n\r\n4,é';
  for (const size of [1, 5, 100]) {
    const { records, head, end } = await read(csvParts(chunked(text, size), ','));
    expect(head).toEqual({ headers: ['id', 'name'] });
    expect(records).toEqual([['1', 'Smith, "Jo"'], ['2', 'two\nlines'], ['3'], ['4', 'é']]);
    expect(end?.proved).toBe(false);
  }
  expect((await read(csvParts(chunked('id\tname\n1\ta,b', 3), '\t'))).records).toEqual([['1', 'a,b']]);
});

test('a quote that is never closed, and a document without a line, are cut; no message quotes a value', async () => {
  const error = await read(csvParts(chunked('id,name\n1,"secret', 4), ',')).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ cut: true, message: expect.not.stringContaining('secret') });
  await expect(read(csvParts(chunked('', 4), ','))).rejects.toMatchObject({ cut: true });
});

async function plain(bytes: AsyncIterable<Buffer>, encoding?: string, mustBeGzip = false) {
  const decoded = plainBytes(bytes, { encoding, mustBeGzip });
  const chunks: Buffer[] = [];
  for await (const chunk of decoded.bytes) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString('utf8'), checked: decoded.checked() };
}

test('gzip by header, by its first bytes, and both; a byte order mark is no part of the text', async () => {
  const text = `\ufeff${'é😀'.repeat(1_000)}`;
  const zipped = gzipSync(text);
  for (const size of [1, 333]) {
    const expected = { text: text.slice(1), checked: true };
    expect(await plain(chunked(zipped, size), 'gzip')).toEqual(expected);
    expect(await plain(chunked(zipped, size), undefined, true)).toEqual(expected);
    expect(await plain(chunked(gzipSync(zipped), size), 'gzip')).toEqual(expected);
    expect(await plain(chunked(text, size))).toEqual({ ...expected, checked: false });
  }
});

test('gzip that is cut, damaged, or none at all is refused', async () => {
  const zipped = gzipSync(randomBytes(5_000).toString('hex'));
  await expect(plain(chunked(zipped.subarray(0, 3_000), 100), 'gzip')).rejects.toMatchObject({ cut: true });
  const wrongSum = Buffer.from(zipped);
  wrongSum.writeUInt32LE(1, zipped.length - 8);
  await expect(plain(chunked(wrongSum, 100))).rejects.toThrow(NotThisDocument);
  await expect(plain(chunked('id,name', 100), undefined, true)).rejects.toThrow('is not');
  await expect(plain(chunked('id,name', 100), 'zstd')).rejects.toThrow('cannot be read');
});

test('bytes that are not UTF-8 are refused, wherever they are cut', async () => {
  for (const size of [1, 2, 5]) {
    await expect(plain(chunked(Buffer.from([0x61, 0x62, 0x63, 0xff, 0x61]), size))).rejects.toThrow('UTF-8');
    await expect(plain(chunked(Buffer.from('abcé').subarray(0, 4), size))).rejects.toMatchObject({ cut: true });
  }
});

test('what breaks the connection is reported as that', async () => {
  async function* breaking(): AsyncGenerator<Buffer> {
    yield gzipSync('a text').subarray(0, 12);
    throw new RangeError('the connection broke');
  }
  await expect(plain(breaking(), 'gzip')).rejects.toThrow('the connection broke');
});
