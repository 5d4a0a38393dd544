import fc from 'fast-check';
import { whereBroken } from './whereBroken';

test.each([
  [
    '{"data":[{"id":1},{"id":x}]}',
    { line: 1, column: 25, path: 'data.1.id', problem: expect.stringContaining('a value') },
  ],
  ['{\n  "a": 1\n  "b": 2\n}', { line: 3, column: 3, path: 'a', problem: expect.stringContaining("',' or '}'") }],
  ['{"a":"tab\there"}', { path: 'a', problem: expect.stringContaining('control character') }],
  ['{"a":1,}', { column: 8, problem: expect.stringContaining('a key') }],
  ['{"a":01}', { path: 'a' }],
  ['[1,2', { path: '1', problem: expect.stringContaining('the text ends') }],
  [`${'['.repeat(60_000)}x`, { column: 60_001 }],
  [")]}',\n{}", { offset: 0, path: '' }],
])('%.40s', (text, where) => {
  expect(whereBroken(text)).toMatchObject(where);
});

test('it finds a place exactly where JSON.parse finds a mistake', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-0.5e+3',
      '01',
      'true',
      'nul',
      '"\\u00e9"',
      '"\\x"',
      ' ',
      '\n',
      '"',
      '\u0001',
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')),
      ),
      (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(whereBroken(text) === undefined).toBe(valid);
      },
    ),
    { numRuns: 3_000 },
  );
});
