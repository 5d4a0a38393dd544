/** One of several shares of a run's partitions, which one activity reads one after another: of `of` shares the one at `index`, counted from 0. */
export interface Slice {
  readonly index: number;
  readonly of: number;
}

/** At most this many activities read the partitions of a run that are records of another entity, however many they are: histories stay flat. */
const slicesAtMost = 8;

export function slicesOf(partitions: number): Slice[] {
  const of = Math.min(partitions, slicesAtMost);
  return Array.from({ length: of }, (_, index) => ({ index, of }));
}
