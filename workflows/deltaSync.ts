import { defineQuery, setHandler } from '@temporalio/workflow';
import { noCounts } from '../schema/answer';
import { type DeltaSyncInput, type Progress, progressQuery, type RunResult } from '../schema/workflows';
import { brief, long } from './activities';
import { recordingFailure } from './runAround';

/**
 * Brings the table up to what the source changed since the cursor: claim the run, pull every partition, then record the run
 * and move the cursor. The first time, and where there is no cursor, everything is read.
 */
export async function deltaSync(input: DeltaSyncInput): Promise<RunResult> {
  const { connectionId, entity, trigger } = input;
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    phase: 'beginning',
    runId: null,
    pages: 0,
    records: 0,
    counts: { ...noCounts },
  };
  setHandler(defineQuery<Progress>(progressQuery), () => progress);

  const run = await brief.beginRun({
    connectionId,
    entity,
    strategy: 'delta',
    trigger,
    dryRun: false,
    full: input.full ?? false,
  });
  if (run.outcome !== 'begun') {
    return {
      connectionId,
      entity,
      outcome: run.outcome,
      runId: run.holder,
      counts: { ...noCounts },
      pages: 0,
      cursor: null,
    };
  }
  const { runId, listing, partitions } = run;
  return recordingFailure(runId, async () => {
    progress.phase = listing === 'all' ? 'reading everything' : 'reading changes';
    progress.runId = runId;
    await Promise.all(
      partitions.map(async (partition) => {
        const pulled = await long.pull({ connectionId, entity, runId, listing, partition });
        progress.pages += pulled.pages;
        progress.records += pulled.records;
      }),
    );
    const result = await brief.finishDelta({ connectionId, entity, runId });
    progress.phase = 'done';
    progress.counts = result.counts;
    return result;
  });
}
