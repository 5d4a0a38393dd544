import { defineQuery, setHandler } from '@temporalio/workflow';
import { noCounts } from '../schema/answer';
import { type Progress, progressQuery, type RemapInput, type RunResult } from '../schema/workflows';
import { brief, long } from './activities';
import { recordingFailure } from './runAround';

/** Rebuilds the typed columns from `raw` after the mapping has changed. The source is not asked, and the cursor stays. */
export async function remap({ trigger, ...target }: RemapInput): Promise<RunResult> {
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    phase: 'beginning',
    runId: null,
    pages: 0,
    records: 0,
    counts: { ...noCounts },
  };
  setHandler(defineQuery<Progress>(progressQuery), () => progress);
  const run = await brief.beginRun({ ...target, strategy: 'remap', trigger, dryRun: false, full: false });
  if (run.outcome !== 'begun') {
    return { ...target, outcome: run.outcome, runId: run.holder, counts: { ...noCounts }, pages: 0, cursor: null };
  }
  const { runId } = run;
  return recordingFailure(runId, async () => {
    progress.phase = 'mapping anew';
    progress.runId = runId;
    const { records } = await long.remap({ ...target, runId });
    return brief.finishRun({ ...target, runId, details: { records } });
  });
}
