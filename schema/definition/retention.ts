import { z } from 'zod';
import { duration } from '../duration';

/** How long the engine keeps what it no longer needs. Open events, open set-aside entries, undecided plans, the last run and the audit stay. */
export const retention = z.strictObject({
  /** processed and ignored webhook events, after they were done */
  inbox: duration.default('30d'),
  /** webhook events that could not be processed and that no operator replayed */
  parked: duration.default('180d'),
  /** ended runs, and the jobs of their reports */
  runs: duration.default('90d'),
  /** decided plans with their ids, by which a run can be undone */
  plans: duration.default('90d'),
  /** cleared set-aside entries with their payload */
  setAside: duration.default('30d'),
  /** what `explain` shows of answers that were refused, disputed, deleted a row or revived one */
  answers: duration.default('90d'),
  /** ids of records that were erased; longer than any request, with all its attempts, is under way */
  forgotten: duration.default('1d'),
});
export type Retention = z.infer<typeof retention>;
