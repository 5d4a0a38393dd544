import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ErrorType } from '../schema/errors';

/** The stable type and the message of what ended a run. */
export function describeFailure(error: unknown): { type: string; message: string } {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { type: cause.type ?? 'Unexpected', message: cause.message };
  if (isCancellation(error)) return { type: 'Cancelled', message: 'the run was cancelled' };
  return {
    type: cause?.constructor.name ?? 'Unexpected',
    message: cause instanceof Error ? cause.message : String(cause),
  };
}

/** A staging table that was lost again and again proves nothing; the next run tries once more. */
export function stagingLost(runId: string, times: number): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `The staging table of run ${runId} was lost ${times} times: is PostgreSQL crashing? Nothing was concluded; the next run retries`,
    'DestinationUnavailable' satisfies ErrorType,
  );
}
