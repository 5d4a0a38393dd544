/** Does the work for each partition, side by side or, where their order matters, one after another. */
export async function eachPartition<Result>(
  partitions: readonly string[],
  inOrder: boolean | undefined,
  work: (partition: string) => Promise<Result>,
): Promise<Result[]> {
  if (!inOrder) return Promise.all(partitions.map(work));
  const results: Result[] = [];
  for (const partition of partitions) results.push(await work(partition));
  return results;
}
