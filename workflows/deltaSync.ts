import type { DeltaSyncInput, RunResult } from '../schema/workflows';
import { claiming, shortRunning } from './activities';
import { pullPartitions } from './pullPartitions';
import { notClaimed, recordingFailure, tellingProgress } from './runAround';
import { settleAfter } from './startBatch';
import { startReconciliation } from './startReconciliation';

/**
 * Brings the table up to what the source changed since the cursor: claim the run, pull every partition, then record the run
 * and move the cursor. The first time, and where there is no cursor, everything is read. Where one page holds all
 * changes, the first activity has done everything: what it returned decides, so histories from before go on as they were.
 */
export async function deltaSync(input: DeltaSyncInput): Promise<RunResult> {
  const { connectionId, entity, trigger } = input;
  const progress = tellingProgress();

  const run = await claiming.beginOrFinishDelta({
    connectionId,
    entity,
    strategy: 'delta',
    trigger,
    dryRun: false,
    full: input.full ?? false,
  });
  if (run.outcome !== 'claimed') {
    await settleAfter(input, run.result?.counts.disputed, run.settleAfterMs);
    return notClaimed(input, run);
  }
  const { runId, listing } = run;
  const result = await recordingFailure(runId, async () => {
    progress.phase = listing === 'all' ? 'reading everything' : 'reading changes';
    progress.runId = runId;
    await pullPartitions(run, { connectionId, entity, runId, listing }, progress);
    const result = await shortRunning.finishDelta({ connectionId, entity, runId });
    progress.phase = 'done';
    progress.counts = result.counts;
    return result;
  });
  await settleAfter(input, result.counts.disputed, run.settleAfterMs);
  if (result.deletionsUnknownSince !== undefined) await startReconciliation(input);
  return result;
}
