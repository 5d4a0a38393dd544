import type { PartKey } from '../../destination/runs/runParts';
import { noteFailing } from '../../destination/runs/runParts';
import { noteWait } from '../../destination/runs/waits';
import { TidemarkError } from '../../schema/errors';
import type { ActivityDeps } from '../deps';
import { noteEndedAttempt } from './endedAttempt';

/** Notes on a run that the source said wait. `runId` null: what is fetched belongs to no run. */
export async function noteWaiting(db: ActivityDeps['db'], runId: string | null, error: unknown): Promise<void> {
  if (runId === null || !(error instanceof TidemarkError) || error.recovery !== 'wait') return;
  await noteWait(db, runId, error.retryAfterMs ?? 0, error.message);
}

/**
 * What to throw when a part of a run was stopped by its source. A long wait is deferred in Temporal, and the run keeps its
 * place until then. A source that has been unreachable for too long, without any progress between, ends the run.
 */
export async function deferWhileWaiting(deps: ActivityDeps, key: PartKey, error: unknown): Promise<unknown> {
  const { db, giveUpAfterMs } = deps;
  await noteEndedAttempt(deps, key, error);
  if (!(error instanceof TidemarkError)) return error;
  if (error.recovery === 'wait') {
    await noteWaiting(db, key.runId, error);
    return error;
  }
  if (error.type !== 'SourceUnavailable') return error;
  const failingForMs = await noteFailing(db, key, error.message);
  if (failingForMs < giveUpAfterMs) return error;
  const minutes = Math.round(failingForMs / 60_000);
  return new TidemarkError(
    'SourceUnreachable',
    `${error.message} (for ${minutes} minutes now: this run gives up, the next one retries)`,
  );
}
