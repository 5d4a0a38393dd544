import { endAttempt } from '../../destination/runs/lostWorkers';
import type { PartKey } from '../../destination/runs/runParts';
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
