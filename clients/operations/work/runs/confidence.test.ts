import { upperBound } from './confidence';

/** Known values of the one-sided 95 % bound of Clopper and Pearson. */
test.each([
  [0, 300, 0.00994],
  [0, 1, 0.95],
  [1, 100, 0.0466],
  [5, 100, 0.1023],
  [100, 100_000, 0.001181],
])('%d of %d', (differing, compared, share) => {
  expect(upperBound(differing, compared)).toBeCloseTo(share, 4);
});

test('nothing compared proves nothing', () => {
  expect(upperBound(0, 0)).toBe(1);
  expect(upperBound(7, 7)).toBe(1);
});
