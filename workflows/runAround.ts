import {
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  setHandler,
  TemporalFailure,
} from '@temporalio/workflow';
import { noCounts } from '../schema/answer';
import { type Progress, progressQuery, type RunResult, type Target } from '../schema/workflows';
import { type ClaimedRun, shortRunning } from './activities';
import { describeFailure } from './failures';

/** What the query for progress answers with; the workflow keeps it up to date. */
export function tellingProgress(): { -readonly [K in keyof Progress]: Progress[K] } {
  const progress = { phase: 'beginning', runId: null, pages: 0, records: 0, counts: { ...noCounts } };
  setHandler(defineQuery<Progress>(progressQuery), () => progress);
  return progress;
}

/** The result of a run that could not be claimed, or that the claiming activity has done as well. */
export function notClaimed(
  { connectionId, entity }: Target,
  { outcome, holder, result }: Exclude<ClaimedRun, { outcome: 'claimed' }>,
): RunResult {
  return result ?? { connectionId, entity, outcome, runId: holder, counts: { ...noCounts }, pages: 0, cursor: null };
}

/**
 * Runs the body of a run, and records how it ended when it did not succeed, also when it was cancelled: status never
 * lies. The error goes on, so that the workflow itself shows it too.
 */
export async function recordingFailure<T>(runId: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const { type, message } = describeFailure(error);
    await CancellationScope.nonCancellable(() =>
      shortRunning.endRun({
        runId,
        status: isCancellation(error) ? 'cancelled' : 'failed',
        errorType: type,
        error: message,
      }),
    );
    // What is no failure of Temporal's own would fail the workflow's task instead, again and again: the workflow would stay
    // open forever, and its schedule would skip every run after it.
    throw error instanceof TemporalFailure ? error : ApplicationFailure.nonRetryable(message, type);
  }
}
