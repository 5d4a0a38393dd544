import fc from 'fast-check';
import { SortedSlots } from './sortedSlots';

test('agrees with a plainly sorted array through inserts, removals and key changes', () => {
  const step = fc.record({
    slot: fc.nat({ max: 400 }),
    key: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.POSITIVE_INFINITY)),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.nat({ max: 3000 }), (steps, seeded) => {
      const keys: number[] = Array.from({ length: Math.max(401, seeded) }, (_, slot) => slot % 7);
      const list = new SortedSlots((slot) => keys[slot] ?? 0);
      const order = (a: number, b: number) => {
        const [ka = 0, kb = 0] = [keys[a], keys[b]];
        return ka === kb ? a - b : ka < kb ? -1 : 1;
      };
      let plain = Array.from({ length: seeded }, (_, slot) => slot).sort(order);
      list.fill(plain);
      for (const { slot, key, remove } of steps) {
        if (plain.includes(slot)) {
          list.remove(slot);
          plain = plain.filter((other) => other !== slot);
        }
        if (remove) continue;
        keys[slot] = key;
        list.insert(slot);
        plain.push(slot);
        plain.sort(order);
      }
      expect(list.slice(0, plain.length + 1)).toEqual(plain);
      expect(list.slice(plain.length - 1, 5, -1)).toEqual(plain.slice(-5).reverse());
      const middle = plain.length >> 1;
      expect(list.slice(middle, 3)).toEqual(plain.slice(middle, middle + 3));
      expect(list.rankOf(3)).toBe(plain.filter((slot) => (keys[slot] ?? 0) < 3).length);
      expect(list.size).toBe(plain.length);
    }),
    { numRuns: 100 },
  );
});

test('removing a slot that is not in the list is refused', () => {
  const list = new SortedSlots((slot) => slot);
  list.fill([1, 2, 3]);
  expect(() => list.remove(7)).toThrow('slot 7 is not in the list');
});
