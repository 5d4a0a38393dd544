import { encode } from 'iconv-lite';
import { decoded, encodingOf, type TextEncoding } from './encoding';
import { headingOf } from './heading';
import { type DelimitedRecord, type Dialect, delimitedRecords } from './records';

async function* chunked<T extends Buffer | string>(all: T, size: number): AsyncGenerator<T> {
  for (let at = 0; at < all.length; at += size)
    yield (typeof all === 'string' ? all.slice(at, at + size) : all.subarray(at, at + size)) as T;
}

async function read(text: string, dialect: Partial<Dialect> = {}, size = 7, longest?: number) {
  const records: DelimitedRecord[] = [];
  for await (const some of delimitedRecords(
    chunked(text, size),
    { delimiter: ',', lineEnd: '\n', ...dialect },
    longest,
  ))
    records.push(...some);
  return records;
}

const shape = ({ line, lines, fields, problem }: DelimitedRecord) => [line, lines, fields, problem !== undefined];

test('fields, quotes, line ends inside quotes, blank lines, and the physical line of each record, in chunks of any size', async () => {
  const text = 'a,b\r\n"x, ""y""","two\r\nlines"\n\n,\r\n5" pipe,c\n"last",';
  for (const size of [1, 2, 3, 8, 1_000]) {
    expect((await read(text, {}, size)).map(shape)).toEqual([
      [1, 1, ['a', 'b'], false],
      [2, 2, ['x, "y"', 'two\r\nlines'], false],
      [4, 1, [''], false],
      [5, 1, ['', ''], false],
      [6, 1, ['5" pipe', 'c'], false],
      [7, 1, ['last', ''], false],
    ]);
  }
});

test('lines that end with CR alone, and other delimiters', async () => {
  expect((await read('a;b\r"1\r2";3\r', { delimiter: ';', lineEnd: '\r' })).map(shape)).toEqual([
    [1, 1, ['a', 'b'], false],
    [2, 2, ['1\r2', '3'], false],
  ]);
  expect((await read('a\tb,c\n', { delimiter: '\t' })).map(shape)).toEqual([[1, 1, ['a', 'b,c'], false]]);
});

test('an open quote makes its own line bad, and no other', async () => {
  for (const size of [1, 5, 1_000]) {
    // never closed; closed in the wrong place by the quote of a later value
    expect((await read('1,"open\n2,b\n3,c', {}, size)).map(shape)).toEqual([
      [1, 1, ['1', '"open'], true],
      [2, 1, ['2', 'b'], false],
      [3, 1, ['3', 'c'], false],
    ]);
    expect((await read('1,"open\n2,"b",x\n3,c', {}, size)).map(shape)).toEqual([
      [1, 1, ['1', '"open'], true],
      [2, 1, ['2', 'b', 'x'], false],
      [3, 1, ['3', 'c'], false],
    ]);
  }
});

test('an open quote is given up after so many characters, not only at the end of the file', async () => {
  const lines = Array.from({ length: 200 }, (_, at) => `${at},row`).join('\n');
  const records = await read(`0,"open\n${lines}`, {}, 16, 100);
  expect(records.filter(({ problem }) => problem !== undefined).map(({ line }) => line)).toEqual([1]);
  expect(records).toHaveLength(201);
});

test('a value of 3 MB, and NUL characters, are values', async () => {
  const [record] = await read(`1,"${'line\n'.repeat(600_000)}",\u0000`, {}, 65_536);
  expect(record?.fields[1]).toHaveLength(3_000_000);
  expect(record?.lines).toBe(600_001);
  expect(record?.fields[2]).toBe('\u0000');
});

const text = 'Name,Größe\nŽofie – “x”,1 €\n';

test.each<[string, TextEncoding, Buffer]>([
  ['UTF-8', 'utf-8', Buffer.from(text)],
  ['UTF-8 with a mark', 'utf-8', Buffer.from(`\ufeff${text}`)],
  ['UTF-16LE with a mark', 'utf-16le', encode(text, 'utf-16le', { addBOM: true })],
  ['UTF-16BE with a mark', 'utf-16be', encode(text, 'utf-16be', { addBOM: true })],
  ['UTF-16LE without a mark', 'utf-16le', encode(text, 'utf-16le')],
  ['UTF-16BE without a mark', 'utf-16be', encode(text, 'utf-16be')],
  ['Windows-1252', 'windows-1252', encode(text, 'windows-1252')],
])('%s is found and read, in chunks of any size', async (_, encoding, bytes) => {
  for (const size of [1, 3, 1_000]) {
    expect(await encodingOf(chunked(bytes, size))).toBe(encoding);
    let read = '';
    for await (const part of decoded(chunked(bytes, size), encoding)) read += part;
    expect(read).toBe(text);
  }
});

test('Latin-1 where no byte is a letter of Windows-1252 alone; the first letter outside ASCII may be in the last line', async () => {
  const bytes = encode(`name\n${'x\n'.repeat(100_000)}Größe\n`, 'latin1');
  expect(await encodingOf(chunked(bytes, 65_536))).toBe('latin1');
  let read = '';
  for await (const part of decoded(chunked(bytes, 65_536), 'latin1')) read += part;
  expect(read.slice(-6)).toBe('Größe\n');
});

test.each<[string, Buffer, string]>([
  ['an empty file', Buffer.alloc(0), 'it is empty'],
  ['a PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), 'a picture'],
  ['a workbook', Buffer.from('PK\u0003\u0004…'), 'workbook'],
  ['bytes', Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 7) % 256)), 'not text'],
])('%s is no text', async (_, bytes, why) => {
  await expect(encodingOf(chunked(bytes, 100))).rejects.toThrow(why);
});

const wanted = { phone: ['Phone', 'Mobile No.'], name: ['Customer Name'], date: ['Function Date'] };

async function heading(of: string) {
  const { dialect, line, after, places } = await headingOf(chunked(of, 50), wanted);
  return { ...dialect, line, after, places: Object.fromEntries(places) };
}

test('the line of headers and the delimiter are found together, below title rows', async () => {
  expect(await heading('Loss of sale, June\n\nphone ; Customer  Name;Function Date\n1;a;01-02-2024\n')).toEqual({
    delimiter: ';',
    lineEnd: '\n',
    line: 3,
    after: 4,
    places: { phone: 0, name: 1, date: 2 },
  });
  expect(await heading('Mobile No.\tCustomer Name\r1\ta\r')).toMatchObject({ delimiter: '\t', lineEnd: '\r' });
  // a mark before or inside the quotes of the first header
  expect(await heading('\ufeff"Phone","Customer Name"\n')).toMatchObject({ places: { phone: 0, name: 1 } });
  expect(await heading('"\ufeffPhone","Customer\nName"\n')).toMatchObject({ after: 3, places: { phone: 0, name: 1 } });
});

test('without a known header, and with one that comes twice, the file is refused; no message quotes a record', async () => {
  await expect(heading('secret,words\n1,2\n')).rejects.toThrow(
    /^none of its first 20 lines has any of the headers 'Phone'/,
  );
  await expect(heading('secret,words\n1,2\n')).rejects.not.toThrow('secret');
  await expect(heading('Phone,Phone,Customer Name\n')).rejects.toThrow("line 1 has the header 'Phone' twice");
  await expect(heading('\n \n')).rejects.toThrow('it is empty');
});
