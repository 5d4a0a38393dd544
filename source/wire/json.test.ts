import fc from 'fast-check';
import { parseJson } from './json';

test('integers beyond 2^53 come out as their digits', () => {
  expect(
    parseJson('{"id":9007199254740993,"safe":9007199254740991,"n":-9007199254740993,"list":[12345678901234567890, 1]}'),
  ).toEqual({
    id: '9007199254740993',
    safe: 9007199254740991,
    n: '-9007199254740993',
    list: ['12345678901234567890', 1],
  });
  expect(parseJson('9007199254740993')).toBe('9007199254740993');
  expect(parseJson('{\n"id" :\n\t9007199254740993\n}')).toEqual({ id: '9007199254740993' });
});

test('digits inside strings, fractions and exponents stay what they are', () => {
  const text = String.raw`{"s":"say \"id\": 9007199254740993, ","t":"\\","u":1234567890123456.5,"v":9007199254740993e3,"id":9007199254740993}`;
  expect(parseJson(text)).toEqual({
    s: 'say "id": 9007199254740993, ',
    t: '\\',
    u: 1234567890123456.5,
    v: 9007199254740993e3,
    id: '9007199254740993',
  });
});

test('a string of megabytes beside a long integer is no trouble', () => {
  const long = '"\\'.repeat(1_500_000);
  expect(parseJson(JSON.stringify({ id: 1, long }).replace('"id":1', '"id":9007199254740993'))).toEqual({
    id: '9007199254740993',
    long,
  });
});

test('everything else is read as JSON.parse reads it', () => {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'string' && /^-?\d{16,}$/.test(value) ? Number(value) : value;
  fc.assert(
    fc.property(fc.json(), (text) => {
      // the long integer beside it forces the slow way
      const { value } = parseJson(`{"id":9007199254740993,"value":${text}}`) as { value: unknown };
      expect(JSON.parse(JSON.stringify(value), rounded)).toEqual(JSON.parse(JSON.stringify(JSON.parse(text)), rounded));
    }),
  );
});

test.each(['', '{', '{"a":9007199254740993', 'nul', '{"a":9007199254740993 9007199254740993}'])(
  '%j is refused',
  (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  },
);
