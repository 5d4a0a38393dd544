import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { assertAttemptsSurvive } from '../../destination/runs/lostWorkers';
import { type Liveness, startLiveness } from './liveness';

/** What the last heartbeat of an attempt says of the attempts before; absent where the last one ended with an error, or achieved something. */
const lostDetails = z.object({ tries: z.int().min(1), triesSince: z.iso.datetime() });

/** Liveness of work that has no part of a run in which its attempts could be counted. */
export interface SurvivingLiveness extends Liveness {
  /** The attempt ends with an error, so its worker was not lost. */
  failed(): void;
}

/**
 * Heartbeats, and counts attempts in a row of which nothing was heard but that they began, as when each ended its worker: the count is
 * in the heartbeats, which Temporal hands to the next attempt. Throws WorkerLost when the attempts before this one all lost
 * their worker. `what` names the work, for that message.
 */
export function startSurvivingLiveness(what: string): SurvivingLiveness {
  const context = Context.current();
  const before = lostDetails.safeParse(context.info.heartbeatDetails).data;
  const tries = (before?.tries ?? 0) + 1;
  const triesSince = before?.triesSince ?? new Date().toISOString();
  assertAttemptsSurvive(what, { tries, triesSince: new Date(triesSince) }, '');
  const liveness = startLiveness();
  // sent at once: an attempt of which Temporal hears nothing cannot be counted
  liveness.progress({ tries, triesSince });
  return { ...liveness, failed: () => liveness.progress({}) };
}
