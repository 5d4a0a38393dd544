import fc from 'fast-check';
import { digitsOf, isHeldByNumber } from '../../../schema/json/decimal';
import { SourceText } from '../../../schema/json/sourceText';
import { bounds, OutOfBounds } from './bounds';
import { NotJson, parseBody } from './parse';

const list = (path: string) => ({ path, list: true });
const read = (text: string, path = 'data') => parseBody(Buffer.from(text), list(path));

async function recordsOf(text: string, path = 'data') {
  const body = await read(text, path);
  const records = (path === '' ? body.value : (body.value as Record<string, unknown>)[path]) as unknown[];
  return records.map((record) => ({ record, ...body.sent(record) }));
}

test('numbers that no double holds come out as text of their digits, all others as numbers', async () => {
  const text =
    '{"data":[{"id":9007199254740993,"safe":9007199254740991,"n":-9007199254740993,"amount":12345678901234.5678,' +
    '"small":0.123456789012345678,"short":100.10,"huge":1E400,"tiny":1e-400,"round":1e21,"list":[12345678901234567890,1]}]}';
  const [found] = await recordsOf(text);
  expect(found?.record).toEqual({
    id: '9007199254740993',
    safe: 9007199254740991,
    n: '-9007199254740993',
    amount: '12345678901234.5678',
    small: '0.123456789012345678',
    short: 100.1,
    huge: '1E400',
    tiny: '1e-400',
    round: 1e21,
    list: ['12345678901234567890', 1],
  });
});

test('a number is one exactly when it can be written out again with the same value', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(isHeldByNumber(String(number))).toBe(Math.abs(number) <= 2 ** 53 || /[.e]/.test(String(number)));
      const fraction = (number % 1e6).toFixed(3);
      expect(isHeldByNumber(`${fraction}00`)).toBe(isHeldByNumber(fraction));
    }),
  );
  expect(['0.10000000000000001', '1.0', '-0', '0e999999', '00'].map(isHeldByNumber)).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(['1E400', '12.5', '1e-3', '0', '100'].map(digitsOf)).toEqual([401, 3, 3, 0, 3]);
});

test('the text of each record is the one that the source wrote', async () => {
  const texts = ['{ "a" : 1.50, "b":[{"c":"]}\\""}] }', '{"ü":"\\u00fc 🦀","n":1E+2}', '{}'];
  for (const ascii of [true, false]) {
    const some = ascii ? [texts[0], texts[2]] : texts;
    const found = await recordsOf(`{"x":[[1]],"data":[ ${some.join(' , ')} ],"data2":[]}`);
    expect(found.map(({ text }) => text?.text.trim())).toEqual(some);
    expect(found.map(({ record }) => record)).toEqual(some.map((text) => JSON.parse(text ?? '')));
  }
});

/** JSON with lists at a path, keys that come twice, and escapes in keys. */
const bodies = fc.oneof(
  fc.json({ maxDepth: 6 }),
  fc
    .tuple(fc.json(), fc.array(fc.json({ maxDepth: 4 })), fc.json())
    .map(([a, items, b]) => `{"a":${a},"data":[${items.join(' ,')}],"b":${b}}`),
  fc.tuple(fc.json(), fc.json()).map(([a, b]) => `{"data":[${a}],"d\\u0061ta":${b},"x":{"data":[1]}}`),
  fc.tuple(fc.json(), fc.json()).map(([a, b]) => `[{"data":[${a},[{"data":[${b}]}]]},{"data":[${b}]}]`),
);
const paths = fc.constantFrom('', 'data', '0.data', '1.data', 'x.data', 'a', 'a.data', 'data.1.0.data', 'data.0');
const rounded = (_: string, value: unknown) =>
  typeof value === 'string' && /^-?\d[\d.eE+-]*$/.test(value) && !isHeldByNumber(value) ? Number(value) : value;

test('everything else is read as JSON.parse reads it, wherever the records are', async () => {
  await fc.assert(
    fc.asyncProperty(bodies, paths, fc.boolean(), async (text, path, isList) => {
      const { value } = await parseBody(Buffer.from(text), { path, list: isList });
      expect(JSON.parse(JSON.stringify(value), rounded)).toEqual(JSON.parse(JSON.stringify(JSON.parse(text)), rounded));
    }),
    { numRuns: 500 },
  );
});

test('what JSON.parse refuses is refused', async () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"data"',
    '"a"',
    '1',
    'true',
    '"',
    '\\',
    ' ',
    '-',
    '\u0001',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 14 }),
      fc.constantFrom('{"data":[', '[', ''),
      paths,
      async (pieces, front, path) => {
        const text = front + pieces.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const outcome = await read(text, path).then(
          () => true,
          (error: unknown) => {
            if (error instanceof NotJson) return false;
            throw error;
          },
        );
        expect(outcome).toBe(valid);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each(['[{"id":1},,{"id":2}]', '[{"id":1},]', '[{"id":1} {"id":2}]', '[{"id":1}}', '[,]', '[{"id":1]]'])(
  'a list %s is refused',
  async (data) => {
    await expect(read(`{"data":${data}}`)).rejects.toBeInstanceOf(NotJson);
  },
);

test('cut anywhere, a body is recognised as cut', async () => {
  const whole = '{"a":"x\\"","data":[{"id":1,"b":[true,"]"]},{"id":2}],"c":{}}';
  for (let length = 1; length < whole.length; length += 1) {
    await expect(read(whole.slice(0, length))).rejects.toMatchObject({ cut: true });
  }
});

test.each(['[:]', '[:1]', '[{"a":1},:]', '[:{}]'])('a colon between records is refused: %s', async (list) => {
  await expect(read(`{"data":${list}}`)).rejects.toBeInstanceOf(NotJson);
});

test('a record nested 60,000 levels deep cannot be read, wherever it is, and the others can', async () => {
  const deep = `{"id":7,"deep":${'['.repeat(60_000)}${']'.repeat(60_000)}}`;
  for (const place of [0, 9, 19]) {
    const data = Array.from({ length: 20 }, (_, id) => (id === place ? deep : `{"id":${id}}`));
    const found = await recordsOf(`{"data":[${data.join(',')}]}`);
    expect(found.map(({ problem }) => problem !== undefined)).toEqual(data.map((_, id) => id === place));
    expect(found[place]).toMatchObject({ record: { id: 7 }, problem: expect.stringContaining('200 levels') });
  }
});

test('a record larger than the limit, or with a number of too many digits, keeps its id and cannot be read', async () => {
  const [large, long, last] = await recordsOf(
    `{"data":[{"id":9007199254740993,"text":"${'x'.repeat(bounds.recordBytes)}"},{"id":2,"n":1e131071},{"id":3}]}`,
  );
  expect(large).toMatchObject({
    record: { id: '9007199254740993' },
    problem: expect.stringContaining(`${bounds.recordBytes} bytes`),
  });
  expect(long).toMatchObject({ record: { id: 2, n: null }, problem: expect.stringContaining('1000 digits') });
  expect(last).toMatchObject({ record: { id: 3 }, problem: undefined });
});

test('a record of more values than the limit keeps its id, but not its lists', async () => {
  const list = `[${'1,'.repeat(bounds.recordValues)}1]`;
  const [many, last] = await recordsOf(`{"data":[{"a":${list},"id":1,"b":{"c":${list}}},{"id":2,"a":[1]}]}`);
  expect(many).toMatchObject({
    record: { id: 1, a: null, b: { c: null } },
    problem: expect.stringContaining(`${bounds.recordValues} values`),
  });
  expect(last).toMatchObject({ record: { id: 2, a: [1] }, problem: undefined });
});

test('a record that is large without lists and long strings is not looked into at all', async () => {
  const fields = Array.from({ length: bounds.recordValues }, (_, n) => `"f${n}":1`);
  const [large] = await recordsOf(`{"data":[{"id":1,${fields.join(',')}}]}`);
  expect(large).toMatchObject({ record: {}, problem: expect.stringContaining('values') });
});

test.each([
  ['records', `{"data":[${'{},'.repeat(bounds.records)}{}]}`, `${bounds.records} records`],
  [
    'objects and lists',
    `{"data":[{"a":[${'{},'.repeat(bounds.containers)}{}]}]}`,
    `${bounds.containers} objects and lists`,
  ],
  ['values', `{"data":[[${'1,'.repeat(bounds.values)}1]]}`, `${bounds.values} values`],
  ['levels around the records', `{"x":${'['.repeat(300)}${']'.repeat(300)},"data":[]}`, '200 levels'],
  [
    'values around the records',
    `{"data":[],"x":[${'1,'.repeat(bounds.aroundValues)}1]}`,
    `${bounds.aroundValues} are read`,
  ],
  ['values without a list', `{"x":[${'1,'.repeat(bounds.aroundValues)}1]}`, `${bounds.aroundValues} are read`],
  ['bytes around the records', `{"data":[],"x":"${'x'.repeat(bounds.recordBytes)}"}`, `${bounds.recordBytes} are read`],
])('more %s than the limit are refused before anything is parsed', async (_, text, named) => {
  // parsed, it would be refused for its end
  const refused = read(`${text.slice(0, -1)}}}`);
  await expect(refused).rejects.toBeInstanceOf(OutOfBounds);
  await expect(refused).rejects.toThrow(named);
});

test('escapes that PostgreSQL cannot keep are replaced in the text, and nothing else', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['\\u0000', '\\ufffd'],
    ['\\\\u0000', '\\\\u0000'],
    ['\\ud83e\\udd80', '\\ud83e\\udd80'],
    ['\\ud83e', '\\ufffd'],
    ['\\udd80\\ud83e', '\\ufffd\\ufffd'],
    ['\\ud83e\\ud83e\\udd80', '\\ufffd\\ud83e\\udd80'],
    ['\\u0041\\udd80\\n', '\\u0041\\ufffd\\n'],
    ['\\ud83e\\u0000', '\\ufffd\\ufffd'],
  ];
  for (const [sent, kept] of cases) expect(new SourceText(`"${sent}"`).storable).toBe(`"${kept}"`);
});

test('the scan finds each record that holds such an escape', async () => {
  const found = await recordsOf('{"data":[{"a":"\\u0000"},{"a":"\\uD800"},{"a":"\\udFff"},{"a":"\\u00e9\\\\u0000"}]}');
  expect(found.map(({ text }) => text?.storable)).toEqual([
    '{"a":"\\ufffd"}',
    '{"a":"\\ufffd"}',
    '{"a":"\\ufffd"}',
    '{"a":"\\u00e9\\\\u0000"}',
  ]);
});

test('one record in a long list that needs care gets it, and the others are as they are alone', async () => {
  const special = ['{"n":9007199254740993}', `{"deep":${'['.repeat(300)}${']'.repeat(300)}}`, '{"s":"\\u0000"}'];
  for (const one of special) {
    const alone = await recordsOf(`{"data":[${one}]}`);
    for (const place of [0, 31, 32, 63, 64, 69]) {
      const texts = Array.from({ length: 70 }, (_, id) => (id === place ? one : `{"id":${id}}`));
      const found = await recordsOf(`{"data":[${texts.join(',')}]}`);
      expect(found[place]).toEqual(alone[0]);
      expect(found.map(({ text }) => text?.text)).toEqual(texts);
      expect(found.filter((_, id) => id !== place).map(({ record }) => record)).toEqual(
        texts.flatMap((_, id) => (id === place ? [] : [{ id }])),
      );
    }
  }
});
