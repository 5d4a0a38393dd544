import { RecentKeys } from './recentKeys';

test('remembers for a while after the last time, and forgets what is older', () => {
  let now = 0;
  const recent = new RecentKeys(1_000, () => now);
  const at = (time: number, key: string) => {
    now = time;
    return recent.again(key);
  };
  expect(at(0, 'a')).toBe(false);
  expect(at(500, 'b')).toBe(false);
  expect(at(999, 'a')).toBe(true);
  expect(at(1_500, 'b')).toBe(false);
  expect(at(1_998, 'a')).toBe(true);
  expect(at(2_998, 'a')).toBe(false);
});
