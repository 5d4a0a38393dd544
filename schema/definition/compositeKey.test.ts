import { compositeKey, folded, isComposite, lastDigits } from './compositeKey';

const key = compositeKey(
  ['booking', { path: 'phone', normalise: lastDigits(10) }],
  [
    { path: 'phone', normalise: lastDigits(10) },
    { path: 'name', normalise: folded },
  ],
);

test('a record has all keys whose fields are present, and the first is its own', () => {
  const record = { booking: 'B1', phone: '+91 98765-43210', name: ' Ada  Lovelace ' };
  expect(key.keysOf(record)).toEqual(['B1|9876543210', '9876543210|ada lovelace']);
  expect(key(record)).toBe('B1|9876543210');
  expect(key.keysOf({ ...record, booking: ' ' })).toEqual(['9876543210|ada lovelace']);
  expect(key({ name: 'Ada' })).toBeUndefined();
});

test('different spellings of a part are one key; a part that normalises to nothing is not there', () => {
  const spellings = ['09876543210', '+91 98765 43210', '9876543210'];
  expect(new Set(spellings.map((phone) => key({ booking: 'B1', phone })))).toEqual(new Set(['B1|9876543210']));
  expect(key({ booking: 'B1', phone: '12345' })).toBeUndefined();
});

test('equal keys of two lists are one', () => {
  expect(compositeKey(['a'], ['b']).keysOf({ a: 'x', b: 'x' })).toEqual(['x']);
});

test('a function of the author is no composite key', () => {
  expect([isComposite(key), isComposite(() => 'x'), isComposite('id')]).toEqual([true, false, false]);
});
