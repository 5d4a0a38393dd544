import { addCounts, noCounts } from '../../schema/answer';
import type { Slice } from '../../schema/slice';
import { startLiveness } from '../attempt/liveness';
import { assertAsClaimed, assertPartition, ownRun } from '../attempt/ownRun';
import type { ActivityDeps } from '../deps';
import type { TargetOpener } from '../openTarget';
import { eachParent } from '../parents';
import { type PullInput, type PullResult, pullPart } from './pullPart';

/** The partitions of a run that are records of another entity, in shares. */
export interface PullSliceInput extends Omit<PullInput, 'partition'> {
  readonly slice: Slice;
}

/** Streams a listing into the table: one partition per call, or the share of one of several activities. */
export function pullActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /**
     * Reads `changes` (or `all`) page by page and writes each batch with its resume point, counts and lease in one
     * transaction, while the next pages are being fetched. Killed anywhere, it goes on after the last committed batch.
     */
    async pull(input: PullInput): Promise<PullResult> {
      const { open, run } = await openPull(input);
      assertPartition(run, input.partition, open.partitions);
      const liveness = startLiveness();
      try {
        return await pullPart(deps, open, { ...input, run, onProgress: (done) => liveness.progress({ ...done }) });
      } finally {
        liveness.stop();
      }
    },

    /** Reads the parents of one slice, one after another. What is wrong with the list of one of them does not stop the others. */
    async pullSlice({ slice, ...input }: PullSliceInput): Promise<PullResult> {
      const { open, run } = await openPull(input);
      const liveness = startLiveness();
      const total = { pages: 0, records: 0, counts: { ...noCounts } };
      try {
        await eachParent(deps, open, { runId: input.runId, step: 'pull', slice }, async (parent, attempt) => {
          const done = await pullPart(deps, open, {
            ...{ ...input, run },
            ...{ partition: parent.id, parent, attempt },
            onProgress: ({ pages, records, counts }) =>
              liveness.progress({
                pages: total.pages + pages,
                records: total.records + records,
                counts: addCounts(total.counts, counts),
              }),
          });
          total.pages += done.pages;
          total.records += done.records;
          total.counts = addCounts(total.counts, done.counts);
          liveness.progress({ ...total });
        });
        return total;
      } finally {
        liveness.stop();
      }
    },
  };

  async function openPull(input: Omit<PullInput, 'partition'>) {
    const open = await openTarget(input, input.listing === 'all' || input.since !== undefined ? 'backfill' : 'delta');
    const run = await ownRun(db, input, ['delta', 'backfill']);
    if (run.strategy === 'delta') {
      const listing = run.full ? 'all' : 'changes';
      assertAsClaimed(run, input.listing === listing && input.since === undefined, `'${input.listing}' since then`);
    }
    return { open, run };
  }
}
