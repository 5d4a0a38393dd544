import type { BackfillInput, RunResult } from '../schema/workflows';
import { shortRunning } from './activities';
import { pullPartitions } from './pullPartitions';
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
    await pullPartitions(run, { ...target, runId, listing: 'changes', since }, progress);
    return shortRunning.finishRun({ ...target, runId, details: { since } });
  });
}
