import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';

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
