/** Everything about record n comes from n alone: the same seed is the same data on every machine and after every restart. */
export function hash(n: number, salt: number): number {
  let h = (Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

/** One of a list, chosen by the number alone. */
export const pick = <T>(from: readonly [T, ...T[]], n: number, salt: number): T =>
  from[hash(n, salt) % from.length] ?? from[0];
