import { longRunning, type Pulled } from './activities';
import { eachPartition, type Partitions } from './eachPartition';

type Part = Omit<Parameters<typeof longRunning.pull>[0], 'partition'>;

/** Reads every partition of a claimed run into the table, and adds what has come to its progress. */
export async function pullPartitions(
  run: Partitions,
  part: Part,
  progress: { pages: number; records: number },
): Promise<void> {
  const pulled = ({ pages, records }: Pulled) => {
    progress.pages += pages;
    progress.records += records;
  };
  await eachPartition(
    run,
    async (partition) => pulled(await longRunning.pull({ ...part, partition })),
    async (slice) => pulled(await longRunning.pullSlice({ ...part, slice })),
  );
}
