import type { BackfillInput, RunResult } from '../schema/workflows';
import { longRunning, type Pulled, shortRunning } from './activities';
import { eachPartition } from './eachPartition';
import { notClaimed, recordingFailure, tellingProgress } from './runAround';

/**
 * Reads what changed since an instant, at the lowest priority, while deltas may be running. The cursor stays: everything up
 * to it is synced, as before, and the next delta starts there.
 */
export async function backfill({ since, trigger, ...target }: BackfillInput): Promise<RunResult> {
  const progress = tellingProgress();
  const run = await shortRunning.claimRun({ ...target, strategy: 'backfill', trigger, dryRun: false, full: false });
  if (run.outcome !== 'claimed') return notClaimed(target, run);
  const { runId } = run;
  return recordingFailure(runId, async () => {
    progress.phase = `reading what changed since ${since}`;
    progress.runId = runId;
    const part = { ...target, runId, listing: 'changes', since } as const;
    const pulled = ({ pages, records }: Pulled) => {
      progress.pages += pages;
      progress.records += records;
    };
    await eachPartition(
      run,
      async (partition) => pulled(await longRunning.pull({ ...part, partition })),
      async (slice) => pulled(await longRunning.pullSlice({ ...part, slice })),
    );
    return shortRunning.finishRun({ ...target, runId, details: { since } });
  });
}
