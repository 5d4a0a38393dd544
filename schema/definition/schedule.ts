import { z } from 'zod';
import { duration, parseDuration } from '../duration';
import { strategies } from '../workflows';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "not a time of day: write '06:00'" });

const interval = z.strictObject({
  /** How often, such as `15m`; at least a second. */
  every: duration.refine((text) => !(parseDuration(text) < 1_000), {
    error: "must be a second or more, such as '15m'",
  }),
});
const reconciliationTimes = z.union([z.strictObject({ at: timeOfDay }), interval, z.literal(false)]);

/**
 * When each strategy runs. Each connection starts at an offset of its own within the interval, so that not all connections start at
 * the same instant. An operator may change a schedule per connection (`tidemark connect --help`).
 * @example
 * { delta: { every: '15m' }, reconciliation: { at: '03:00' } }
 */
export const entitySchedule = z.strictObject({
  /** How often a delta runs, such as `{ every: '15m' }`; within the connection's business hours, where it has any. */
  delta: interval.default({ every: '15m' }),
  /** `{ at: '03:00' }`: daily at this time in the connection's time zone; `{ every: '6h' }`: at an interval; `false`: never, which only an entity with webhooks may choose. */
  reconciliation: reconciliationTimes.default({ at: '03:00' }),
});
export type EntitySchedule = z.infer<typeof entitySchedule>;

/** What a connection says otherwise. Without defaults: what it leaves out is the entity's. */
export const scheduleOverride = z.strictObject({
  delta: interval.optional(),
  reconciliation: reconciliationTimes.optional(),
  /** strategies that an operator has paused, and why */
  paused: z.partialRecord(z.enum(strategies), z.string()).optional(),
});
export type ScheduleOverride = z.infer<typeof scheduleOverride>;

export const timeZone = z
  .string()
  .refine(isTimeZone, { error: "not a time zone: write one as 'Europe/Berlin' or 'UTC'" });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The hours in which deltas run, in the connection's time zone. The first run after the night catches up.
 * @example
 * { from: '06:00', to: '20:00', days: [1, 2, 3, 4, 5, 6] }
 */
export const businessHours = z
  .strictObject({
    /** The time of day at which deltas begin. */
    from: timeOfDay,
    /** The time of day at which they end, later than `from`. */
    to: timeOfDay,
    /** The days of the week; 0 is Sunday. */
    days: z.array(z.int().min(0).max(6)).min(1).default([0, 1, 2, 3, 4, 5, 6]),
  })
  .refine((hours) => hours.from < hours.to, { error: 'from must be before to', path: ['to'] });
export type BusinessHours = z.infer<typeof businessHours>;

/**
 * The deletion guard. A plan to delete more rows than it allows waits for an operator (`tidemark approve`). Rows are counted over
 * 24 hours. A plan waits when it exceeds `ratio` and `rows`, or `highRatio` and `highRows`.
 * @example
 * { ratio: 0.1, rows: 100, highRatio: 0.5, highRows: 10 }
 */
export const deletionGuard = z.strictObject({
  /** The share of live rows that may be deleted … */
  ratio: z.number().min(0).max(1).default(0.1),
  /** … or this number of rows, whichever is more. */
  rows: z.int().min(0).default(100),
  /** In small tables: the share of live rows that may be deleted … */
  highRatio: z.number().min(0).max(1).default(0.5),
  /** … or this number of rows, whichever is more. */
  highRows: z.int().min(0).default(10),
});
export type DeletionGuard = z.infer<typeof deletionGuard>;
