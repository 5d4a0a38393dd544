import { z } from 'zod';
import { duration } from '../duration';

/** The header that says when a used-up quota is filled again. */
const reset = z.strictObject({
  /** such as `X-Quota-Reset` */
  header: z.string().min(1),
  /** how it is written: seconds from now, or an instant since 1970 */
  unit: z.enum(['seconds', 'epoch-seconds', 'epoch-milliseconds']),
  /** the statuses that mean a used-up quota when they come with this header */
  statuses: z.array(z.int().min(400).max(599)).min(1).default([403, 429]),
});
export type RateLimitReset = z.infer<typeof reset>;

/**
 * The request budget of one connection, shared by all workers.
 * @example
 * { requests: 100, per: '20s', concurrency: 4 }
 */
export const rateLimit = z.strictObject({
  /** The largest number of requests … */
  requests: z.int().min(1),
  /** … in any window of this length. */
  per: duration,
  /** The largest number of requests under way at once, per process. */
  concurrency: z.int().min(1).max(100).default(4),
  /**
   * The header that says how long to wait once the quota is used up. Not needed for `Retry-After`, `X-RateLimit-Reset`, `RateLimit-Reset`
   * and `RateLimit`, which are understood anyway, also with a 403.
   */
  reset: reset.optional(),
});
export type RateLimit = z.infer<typeof rateLimit>;
