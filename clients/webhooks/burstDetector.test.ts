import { BurstDetector } from './burstDetector';

describe('a bucket', () => {
  let now = 0;
  const bucket = () => new BurstDetector(8, 20, () => now);
  beforeEach(() => {
    now = 0;
  });
  const takeAt = (one: BurstDetector, at: number) => {
    now = at;
    return one.take();
  };

  test('takes what comes slower than it fills for a trickle, for ever', () => {
    const one = bucket();
    expect(Array.from({ length: 1000 }, (_, index) => takeAt(one, index * 60)).every(Boolean)).toBe(true);
  });

  test('takes some at once for a trickle, and more for a burst that lasts until it is quiet', () => {
    const one = bucket();
    const atOnce = Array.from({ length: 100 }, () => one.take());
    expect(atOnce.filter(Boolean)).toHaveLength(7);
    // as many a second as would be a trickle, but the burst is not over
    expect(takeAt(one, 60)).toBe(false);
    expect(takeAt(one, 120)).toBe(false);
    expect(takeAt(one, 1_000)).toBe(true);
  });

  test('is full again when nothing comes', () => {
    const one = bucket();
    one.take();
    expect(one.full).toBe(false);
    now = 1_000;
    expect(one.full).toBe(true);
  });
});
