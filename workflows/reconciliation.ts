import { executeChild, ParentClosePolicy, sleep, workflowInfo } from '@temporalio/workflow';
import { addCounts } from '../schema/answer';
import type { Batch, ReconciliationInput, ReconciliationResult, Target } from '../schema/workflows';
import { longRunning, type ScanStep, shortRunning } from './activities';
import { eachPartition } from './eachPartition';
import { stagingLost } from './failures';
import { notClaimed, recordingFailure, tellingProgress } from './runAround';
import { syncRecords } from './syncRecords';

/** Maximum number of scans, when earlier ones are lost; losing more than that is no accident. */
const scansAtMost = 3;
/** Maximum rounds of fetching disputed records again; the sweep handles what is left. */
const disputeRounds = 4;

const phases: Record<ScanStep, string> = {
  scan: 'listing the source',
  'second-scan': 'listing the source a second time',
  'full-listing': 'reading the whole list, since much is missing or stale',
};

/**
 * Proves the table equal to the source: scan every id, draw the set difference, fetch what is missing or stale, and
 * soft-delete what is gone after the source has confirmed it. A plan above the deletion guard ends the run as `waiting`.
 */
export async function reconciliation(input: ReconciliationInput): Promise<ReconciliationResult> {
  const { connectionId, entity, trigger, dryRun = false } = input;
  const target: Target = { connectionId, entity };
  const progress = tellingProgress();

  const run = await shortRunning.claimRun({ ...target, strategy: 'reconciliation', trigger, dryRun, full: false });
  if (run.outcome !== 'claimed') {
    const found = { scanned: 0, missing: 0, stale: 0, gone: 0, unlisted: 0, deleted: 0 };
    const nothing = { ...found, planId: null, reason: null, causes: {}, proposedLookback: null };
    return { ...notClaimed(target, run), dryRun, ...nothing };
  }
  const { runId, hasOne, readLagMs } = run;
  const listing = hasOne && run.hasIds ? 'ids' : 'all';

  const scanAll = async (step: ScanStep, round: number, write: boolean) => {
    progress.phase = phases[step];
    const listed = step === 'full-listing' ? 'all' : listing;
    const part = { ...target, runId, step, listing: listed, write, round } as const;
    const scans = await eachPartition(
      run,
      (partition) => longRunning.scan({ ...part, partition }),
      (slice) => longRunning.scanSlice({ ...part, slice }),
    );
    progress.pages += scans.reduce((total, scan) => total + scan.pages, 0);
    progress.records = scans.reduce((total, scan) => total + scan.records, 0);
  };

  /** Fetches a batch in a child workflow; disputed records are fetched again after the read lag. */
  const fetch = async (batch: Batch) => {
    const result = await executeChild(syncRecords, {
      workflowId: `${workflowInfo().workflowId}/${batch.of}/${runId}`,
      args: [{ ...target, batch }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      typedSearchAttributes: workflowInfo().typedSearchAttributes,
      memo: workflowInfo().memo ?? {},
    });
    progress.counts = addCounts(progress.counts, result.counts);
    return result;
  };

  /** Fetches disputed records again, once the read lag has passed. */
  const settleDisputes = async () => {
    for (let round = 1; round <= disputeRounds; round++) {
      progress.phase = 'fetching disputed records again';
      const { disputed } = await longRunning.syncBatch({ ...target, batch: { of: 'disputes', runId } });
      if (disputed === 0) return;
      await sleep(readLagMs + 500);
    }
  };

  return recordingFailure(runId, async () => {
    progress.runId = runId;
    // If a second scan has to confirm, only rows received before the first scan, less the read lag, count.
    if (!hasOne && !dryRun) await sleep(readLagMs + 500);
    await scanAll('scan', 1, !dryRun);
    let plan = await longRunning.drawPlan({ ...target, runId, dryRun, listing });
    for (let round = 2; plan.outcome === 'rescan' && round <= scansAtMost; round++) {
      await longRunning.resetScan({ runId, step: 'scan' });
      await scanAll('scan', round, !dryRun);
      plan = await longRunning.drawPlan({ ...target, runId, dryRun, listing });
    }
    const { planId } = plan;
    if (planId === null) throw stagingLost(runId, scansAtMost);

    let { wait } = plan;
    if (!dryRun) {
      // a scan that writes the rows itself leaves nothing to fetch
      let left = plan.toFetch ?? plan.missing + plan.stale;
      if (plan.byListing) {
        await scanAll('full-listing', 1, true);
        left = await longRunning.closeListed({ runId, planId });
      }
      if (left > 0) {
        progress.phase = 'fetching what is missing or stale';
        await fetch({ of: 'plan', planId });
      }
      if (run.comparesRelated) {
        progress.phase = 'comparing related records';
        await longRunning.scanRelated({ ...target, runId });
      }
      if (hasOne) await settleDisputes();
      if (plan.gone + plan.unlisted > 0 && wait === null) {
        progress.phase = 'confirming deletions';
        if (hasOne) wait = await longRunning.confirmGone({ ...target, runId, planId });
        else {
          await scanAll('second-scan', 1, false);
          for (let round = 2; (await longRunning.deleteUnlisted({ ...target, runId, planId })) === 'rescan'; round++) {
            if (round > scansAtMost) throw stagingLost(runId, scansAtMost);
            await longRunning.resetScan({ runId, step: 'second-scan' });
            await scanAll('second-scan', round, false);
          }
        }
      }
    }
    progress.phase = 'finishing';
    const { scanned, missing, stale, gone, unlisted, held } = plan;
    const result = await longRunning.finishReconciliation({
      ...target,
      runId,
      planId,
      dryRun,
      wait,
      scanned,
      missing,
      stale,
      gone,
      unlisted,
      ...(held && { held }),
    });
    progress.phase = 'done';
    return result;
  });
}
