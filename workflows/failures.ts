import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { type ErrorType, errorTypes } from '../schema/errors';

/** The stable type and the message of what ended a run; 'Unexpected' for what we did not raise on purpose. */
export function describeFailure(error: unknown): { type: ErrorType; message: string } {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (isCancellation(error)) return { type: 'Cancelled', message: 'The run was cancelled.' };
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof ApplicationFailure) || !isErrorType(cause.type)) {
    const name = cause instanceof ApplicationFailure ? cause.type : (cause as object | undefined)?.constructor.name;
    return { type: 'Unexpected', message: name === undefined ? message : `${name}: ${message}` };
  }
  return { type: cause.type, message };
}

function isErrorType(type: string | null | undefined): type is ErrorType {
  return type !== null && type !== undefined && Object.hasOwn(errorTypes, type);
}

/** A staging table that was lost again and again proves nothing; the next run tries once more. */
export function stagingLost(runId: string, times: number): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `The staging table of run ${runId} was lost ${times} times: is PostgreSQL crashing? Nothing was concluded; the next run retries`,
    'DestinationUnavailable' satisfies ErrorType,
  );
}
