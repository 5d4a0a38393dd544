import { isPartitioned } from '../../destination/plans/coverage';
import { createStaging, emptyStaging, stagingTable } from '../../destination/plans/staging';
import { samePartitions } from '../../destination/runs/parentParts';
import type { Slice } from '../../schema/slice';
import { startLiveness } from '../attempt/liveness';
import { assertAsClaimed, assertPartition, ownRun } from '../attempt/ownRun';
import type { ActivityDeps } from '../deps';
import type { TargetOpener } from '../openTarget';
import { eachParent } from '../parents';
import { type ScanInput, type ScanResult, scanPart } from './scanPart';

/** The partitions of a run that are records of another entity, in shares. */
export interface ScanSliceInput extends Omit<ScanInput, 'partition'> {
  readonly slice: Slice;
}

/** Lists everything that the source holds into a staging table. */
export function scanActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /**
     * Streams a listing into the staging table by COPY, page by page with the manifest and the resume point. A resumed
     * scan is as complete as an unbroken one, since what is staged and where to go on are committed together.
     */
    async scan(input: ScanInput): Promise<ScanResult> {
      const { open, run } = await openScan(input);
      assertPartition(run, input.partition, open.partitions);
      const partitioned = isPartitioned(open.partitions);
      await createStaging(db, stagingTable(input.runId, input.step), partitioned);
      const liveness = startLiveness();
      try {
        const onProgress = (done: ScanResult) => liveness.progress({ ...done });
        return await scanPart(deps, open, { ...input, partitioned, onProgress });
      } finally {
        liveness.stop();
      }
    },

    /** Lists the children of the parents of one slice, one parent after another. What is wrong with the list of one of them does not stop the others. */
    async scanSlice({ slice, ...input }: ScanSliceInput): Promise<ScanResult> {
      const { runId, step } = input;
      const { open } = await openScan(input);
      await createStaging(db, stagingTable(runId, step), true);
      if (step !== 'scan') await samePartitions(db, runId, 'scan', step);
      const liveness = startLiveness();
      const total = { pages: 0, records: 0 };
      try {
        await eachParent(deps, open, { runId, step, slice }, async (parent, attempt) => {
          const done = await scanPart(deps, open, {
            ...input,
            ...{ partition: parent.id, parent, attempt, partitioned: true },
            onProgress: ({ pages, records }) =>
              liveness.progress({ pages: total.pages + pages, records: total.records + records }),
          });
          total.pages += done.pages;
          total.records += done.records;
          liveness.progress({ ...total });
        });
        return total;
      } finally {
        liveness.stop();
      }
    },

    /** Empties a staging table, so that the scan can be made again. */
    async resetScan({ runId, step }: { runId: string; step: ScanInput['step'] }): Promise<void> {
      await emptyStaging(db, stagingTable(runId, step));
    },
  };

  async function openScan(input: Omit<ScanInput, 'partition'>) {
    const open = await openTarget(input, 'reconciliation');
    const run = await ownRun(db, input, ['reconciliation']);
    assertAsClaimed(run, !(input.write && run.dryRun), 'writing: it is a dry run');
    return { open, run };
  }
}
