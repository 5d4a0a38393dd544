import { Context } from '@temporalio/activity';
import type { Attempt } from '../../destination/runs/runParts';

/** The attempt that runs here, as Temporal numbers and schedules it. */
export function thisAttempt(): Attempt {
  const { attempt, currentAttemptScheduledTimestampMs } = Context.current().info;
  return { number: attempt, scheduled: Math.floor(currentAttemptScheduledTimestampMs) };
}
