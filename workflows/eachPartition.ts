import type { Slice } from '../schema/slice';

/** The partitions of a claimed run. */
export interface Partitions {
  readonly partitions: readonly string[];
  /** they are records of another entity, and read in these shares */
  readonly slices?: readonly Slice[];
  readonly inOrder?: boolean;
}

/** Does the work for each partition, side by side or, where their order matters, one after another; or for each share of many partitions. */
export async function eachPartition<Result>(
  { partitions, slices, inOrder }: Partitions,
  work: (partition: string) => Promise<Result>,
  workOnSlice: (slice: Slice) => Promise<Result>,
): Promise<Result[]> {
  if (slices) return Promise.all(slices.map(workOnSlice));
  if (!inOrder) return Promise.all(partitions.map(work));
  const results: Result[] = [];
  for (const partition of partitions) results.push(await work(partition));
  return results;
}
