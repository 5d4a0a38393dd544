import { z } from 'zod';
import { duration, parseDuration } from '../duration';
import { strategies } from '../workflows';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "not a time of day: write '06:00'" });

const interval = z.strictObject({
  every: duration.refine((text) => !(parseDuration(text) < 1_000), {
    error: "must be a second or more, such as '15m'",
  }),
});
const reconciliationTimes = z.union([z.strictObject({ at: timeOfDay }), interval, z.literal(false)]);

/** When each strategy runs. Intervals get a stable offset per connection, so that tenants don't all fire at once. */
export const entitySchedule = z.strictObject({
  /** how often a delta runs; within the connection's business hours, where it has some */
  delta: interval.default({ every: '15m' }),
  /** daily at a time of day in the connection's time zone, or at an interval; false switches it off, which only an entity with webhooks may */
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

/** The hours in which deltas run, in the connection's time zone; the night between is caught up by the first run. */
export const businessHours = z
  .strictObject({
    from: timeOfDay,
    to: timeOfDay,
    /** 0 is Sunday */
    days: z.array(z.int().min(0).max(6)).min(1).default([0, 1, 2, 3, 4, 5, 6]),
  })
  .refine((hours) => hours.from < hours.to, { error: 'from must be before to', path: ['to'] });
export type BusinessHours = z.infer<typeof businessHours>;

/** The deletion guard: a plan above it waits for an operator. Summed over 24 hours. */
export const deletionGuard = z.strictObject({
  /** more than this share of the live rows … */
  ratio: z.number().min(0).max(1).default(0.1),
  /** … and more than this many rows */
  rows: z.int().min(0).default(100),
  /** or more than this share … */
  highRatio: z.number().min(0).max(1).default(0.5),
  /** … and more than this many rows */
  highRows: z.int().min(0).default(10),
});
export type DeletionGuard = z.infer<typeof deletionGuard>;
