import { ApplicationFailure, CancellationScope, isCancellation, TemporalFailure } from '@temporalio/workflow';
import { brief } from './activities';
import { describeFailure } from './failures';

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
      brief.endRun({ runId, status: isCancellation(error) ? 'cancelled' : 'failed', errorType: type, error: message }),
    );
    // What is no failure of Temporal's own would fail the workflow's task instead, again and again: the workflow would stay
    // open for ever, and its schedule would skip every run after it.
    throw error instanceof TemporalFailure ? error : ApplicationFailure.nonRetryable(message, type);
  }
}
