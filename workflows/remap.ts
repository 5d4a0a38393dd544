import type { RemapInput, RunResult } from '../schema/workflows';
import { brief, long } from './activities';
import { notBegun, recordingFailure, tellingProgress } from './runAround';

/** Rebuilds the typed columns from `raw` after the mapping has changed. The source is not asked, and the cursor stays. */
export async function remap({ trigger, ...target }: RemapInput): Promise<RunResult> {
  const progress = tellingProgress();
  const run = await brief.beginRun({ ...target, strategy: 'remap', trigger, dryRun: false, full: false });
  if (run.outcome !== 'begun') return notBegun(target, run);
  const { runId } = run;
  return recordingFailure(runId, async () => {
    progress.phase = 'mapping anew';
    progress.runId = runId;
    const { records } = await long.remap({ ...target, runId });
    return brief.finishRun({ ...target, runId, details: { records } });
  });
}
