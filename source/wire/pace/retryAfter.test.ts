import { longestWaitMs, retryAfter } from './retryAfter';

const now = Date.parse('2026-11-21T09:20:37Z');

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['0.5', 500],
  ['1.0005', 1_001],
  ['Sat, 21 Nov 2026 09:20:57 GMT', 20_000],
  ['Saturday, 21-Nov-26 09:20:57 GMT', 20_000],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
  ['99999999999999', longestWaitMs],
  ['Fri, 31 Dec 9999 23:59:59 GMT', longestWaitMs],
])('%j is %d ms', (header, milliseconds) => {
  expect(retryAfter(header, now)).toBe(milliseconds);
});

test.each([undefined, '', ' ', 'soon', '-5', '1e9', 'Infinity', 'NaN', '5s', '1,5', '2026-11-21'])(
  '%j says nothing',
  (header) => {
    expect(retryAfter(header, now)).toBeUndefined();
  },
);
