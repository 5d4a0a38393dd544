import { endAttempt } from '../../destination/runs/lostWorkers';
import { noteFailing, type PartKey } from '../../destination/runs/runParts';
import { TidemarkError } from '../../schema/errors';
import type { ActivityDeps } from '../deps';
import { isFinal } from '../failure';

/**
 * Notes that an attempt at a part ended with an error that Temporal retries, so that its worker does not count as lost. A final
 * error ends the run; where the run goes on nevertheless, the error came too late and the worker was lost to Temporal.
 * Never throws: the error itself says more.
 */
export async function noteEndedAttempt(
  { db, log }: Pick<ActivityDeps, 'db' | 'log'>,
  key: PartKey,
  error: unknown,
): Promise<void> {
  if (isFinal(error)) return;
  try {
    await endAttempt(db, key);
  } catch (failed) {
    log.debug({ run: key.runId, step: key.step, err: failed }, 'the end of an attempt was not noted');
  }
}

/**
 * What to throw when a part of a run was stopped by its source. A source that has been unreachable for too long, without any
 * progress between, ends the run.
 */
export async function afterEndOfPart(deps: ActivityDeps, key: PartKey, error: unknown): Promise<unknown> {
  const { db, giveUpAfterMs } = deps;
  await noteEndedAttempt(deps, key, error);
  if (!(error instanceof TidemarkError) || error.type !== 'SourceUnavailable') return error;
  const failingForMs = await noteFailing(db, key, error.message);
  if (failingForMs < giveUpAfterMs) return error;
  const minutes = Math.round(failingForMs / 60_000);
  return new TidemarkError(
    'SourceUnreachable',
    `${error.message} (for ${minutes} minutes now: this run gives up, the next one retries)`,
  );
}
