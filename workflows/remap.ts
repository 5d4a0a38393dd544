import type { RemapInput, RunResult } from '../schema/workflows';
import { longRunning, shortRunning } from './activities';
import { notClaimed, recordingFailure, tellingProgress } from './runAround';

/** Rebuilds the typed columns from `raw` after the mapping has changed. The source is not asked, and the cursor stays. */
export async function remap({ trigger, ...target }: RemapInput): Promise<RunResult> {
  const progress = tellingProgress();
  const run = await shortRunning.claimRun({ ...target, strategy: 'remap', trigger, dryRun: false, full: false });
  if (run.outcome !== 'claimed') return notClaimed(target, run);
  const { runId } = run;
  return recordingFailure(runId, async () => {
    progress.phase = 'mapping again';
    progress.runId = runId;
    const { records } = await longRunning.remap({ ...target, runId });
    return shortRunning.finishRun({ ...target, runId, details: { records } });
  });
}
