import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { destinationError } from '../destination/database/destinationError';
import { wordsOf } from '../destination/database/postgresWords';
import { messageOf, type Recovery, TidemarkError } from '../schema/errors';
import type { Deferred } from './attempt/deferral';

/** Nothing helps against these but a person, or another run. */
const final: ReadonlySet<Recovery> = new Set<Recovery>([
  'credentials',
  'contract',
  'usage',
  'conflict',
  'lost',
  'gone',
]);

/** Whether Temporal must not retry. */
export function isFinal(error: unknown): boolean {
  const known = destinationError(error);
  return known instanceof TidemarkError && final.has(known.recovery);
}

/** After this many attempts, an unexpected error is taken for a defect and fails the run. */
const attemptsForTheUnforeseen = 5;

/**
 * What an activity threw, as it is reported to Temporal: a stable type, a bounded message without secrets, whether to try again
 * and when; `deferred` is when, for a wait. Cancellation passes through. Errors end up in histories, so neither causes nor stacks of
 * others travel along.
 */
export function toFailure(error: unknown, deferred?: Deferred): Error {
  if (error instanceof ApplicationFailure) return error;
  const { cancellationSignal } = Context.current();
  if (cancellationSignal.aborted) {
    // A worker that shuts down is no reason to cancel the run: another attempt goes on, here or elsewhere.
    if (messageOf(cancellationSignal.reason) === 'WORKER_SHUTDOWN') {
      return ApplicationFailure.retryable('the worker was shut down; the next attempt resumes', 'WorkerShutdown');
    }
    return new CancelledFailure(messageOf(error).slice(0, 500));
  }
  const known = destinationError(error);
  if (known instanceof TidemarkError) {
    const retryAfterMs = deferred?.afterMs ?? known.retryAfterMs;
    return ApplicationFailure.create({
      type: known.type,
      message: known.message.slice(0, 2000),
      nonRetryable: final.has(known.recovery),
      ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
      ...(deferred && { details: [deferred.deferral] }),
    });
  }
  const { attempt } = Context.current().info;
  return ApplicationFailure.create({
    type: 'Unexpected',
    message: wordsOf(error).slice(0, 2000),
    nonRetryable: attempt >= attemptsForTheUnforeseen,
  });
}

/**
 * Wraps every activity of a set so that what it throws is a failure that Temporal and the workflows can route on. `defer` is called
 * with each error, for when to try again; what it throws counts instead.
 */
export function withFailures<T extends Record<string, (input: never) => Promise<unknown>>>(
  activities: T,
  defer: (input: unknown, error: unknown) => Promise<Deferred | undefined>,
  onError: (activity: string, input: unknown, error: unknown, failure: Error) => void,
): T {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (input: never) => {
      try {
        return await run(input);
      } catch (error) {
        const failure = await defer(input, error).then((deferred) => toFailure(error, deferred), toFailure);
        onError(name, input, error, failure);
        throw failure;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}
