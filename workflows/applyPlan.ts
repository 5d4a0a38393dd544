import { noCounts } from '../schema/answer';
import type { ApplyPlanInput, ApplyPlanResult } from '../schema/workflows';
import { longRunning, shortRunning } from './activities';
import { eachPartition } from './eachPartition';
import { stagingLost } from './failures';
import { recordingFailure } from './runAround';

/** Maximum number of second scans, when earlier ones are lost. */
const scansAtMost = 3;

/**
 * Applies a plan that an operator has approved, as a reconciliation of its own: each row is confirmed again, by `one` or
 * by a fresh scan, and rows that were written since the plan's scan are left alone.
 */
export async function applyPlan(input: ApplyPlanInput): Promise<ApplyPlanResult> {
  const { connectionId, entity, planId } = input;
  const target = { connectionId, entity };
  const run = await shortRunning.claimRun({
    ...target,
    strategy: 'reconciliation',
    trigger: 'approval',
    dryRun: false,
    full: false,
  });
  if (run.outcome !== 'claimed') {
    return {
      ...target,
      outcome: run.outcome,
      runId: run.holder,
      planId,
      deleted: 0,
      reason: null,
      counts: { ...noCounts },
    };
  }
  const { runId, hasOne, partitions, slices } = run;
  return recordingFailure(runId, async () => {
    let reason: string | null = null;
    if (hasOne) reason = await longRunning.confirmGone({ ...target, runId, planId });
    else {
      for (let round = 1; ; round++) {
        const part = { ...target, runId, step: 'second-scan', listing: 'all', write: false, round } as const;
        await eachPartition(
          { partitions, ...(slices && { slices }) },
          (partition) => longRunning.scan({ ...part, partition }),
          (slice) => longRunning.scanSlice({ ...part, slice }),
        );
        if ((await longRunning.deleteUnlisted({ ...target, runId, planId })) === 'done') break;
        if (round === scansAtMost) throw stagingLost(runId, scansAtMost);
        await longRunning.resetScan({ runId, step: 'second-scan' });
      }
    }
    return longRunning.finishPlan({ ...target, runId, planId, reason });
  });
}
