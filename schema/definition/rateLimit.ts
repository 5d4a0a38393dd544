import { z } from 'zod';
import { duration } from '../duration';

/**
 * The request budget of one connection, shared by all workers.
 * @example
 * { requests: 100, per: '20s', concurrency: 4, reset: { header: 'X-Quota-Reset', unit: 'epoch-seconds' }, retryAfter: { path: 'message', text: 'again in {wait} second' } }
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
  reset: z
    .strictObject({
      /** The name of the header, such as `X-Quota-Reset`. */
      header: z.string().min(1),
      /** How its value is written: seconds from now, or an instant since 1970. */
      unit: z.enum(['seconds', 'epoch-seconds', 'epoch-milliseconds']),
      /** The statuses that mean a used-up quota when they come with this header. */
      statuses: z.array(z.int().min(400).max(599)).min(1).default([403, 429]),
    })
    .optional(),
  /** Where the body of a response says how long to wait, for sources that send no header. A header counts first. */
  retryAfter: z
    .strictObject({
      /** Dotted path in the body to a number, or to a text that contains it. */
      path: z.string().min(1),
      /** The words next to the number, `{wait}` in its place: `'again in {wait} second'`. Without it, the text is the number. */
      text: z
        .string()
        .max(100)
        .regex(/^[^{}]*\{wait\}[^{}]*$/, { error: 'must contain {wait} once, in the place of the number' })
        .optional(),
      /** What the number counts. */
      unit: z.enum(['milliseconds', 'seconds', 'minutes']).default('seconds'),
      /** The statuses of responses that may say so. */
      statuses: z.array(z.int().min(400).max(599)).min(1).default([429]),
    })
    .optional(),
});
export type RateLimit = z.infer<typeof rateLimit>;
export type RateLimitReset = NonNullable<RateLimit['reset']>;
export type RateLimitRetryAfter = NonNullable<RateLimit['retryAfter']>;
/** How a source says that a quota is used up, as far as it has ways of its own. */
export type QuotaSigns = Pick<RateLimit, 'reset' | 'retryAfter'>;
