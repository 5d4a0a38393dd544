import type { ImportInput, ImportResult } from '../schema/workflows';
import { longRunning, shortRunning } from './activities';
import { notClaimed, recordingFailure, tellingProgress } from './runAround';

/** Reads an uploaded file into an entity's table: once to see whether it is the right one, and once to write it. */
export async function importFile({ trigger, importId, dryRun = false, ...target }: ImportInput): Promise<ImportResult> {
  const progress = tellingProgress();
  const run = await shortRunning.claimRun({ ...target, strategy: 'import', trigger, dryRun, full: false });
  const nothing = { dryRun, importId, lines: 0, headings: 0, blank: 0, continued: 0 };
  if (run.outcome !== 'claimed') return { ...notClaimed(target, run), ...nothing };
  const { runId } = run;
  return recordingFailure(runId, async () => {
    progress.runId = runId;
    progress.phase = 'reading the file';
    await longRunning.surveyImport({ ...target, runId, importId });
    progress.phase = dryRun ? 'counting what would be written' : 'writing';
    await longRunning.importFile({ ...target, runId });
    return shortRunning.finishImport({ ...target, runId });
  });
}
