import { createHash } from 'node:crypto';
import type { DayOfWeek, ScheduleSpec } from '@temporalio/client';
import type { BusinessHours } from '../../schema/definition/schedule';
import { skippedTimes } from './clockChanges';

const days: readonly DayOfWeek[] = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
const daySeconds = 86_400;

/** A connection's own point in any span of so many seconds: always the same, and spread evenly over connections. */
export function offsetOf(connectionId: string, spanSeconds: number): number {
  return spanSeconds < 1
    ? 0
    : createHash('sha256').update(connectionId).digest().readUInt32BE(0) % Math.floor(spanSeconds);
}

/** How many seconds lie between deltas, and how many before the first: since 1970, or since the business hours begin. */
export function deltaInterval(
  everyMs: number,
  hours: BusinessHours | undefined,
  connectionId: string,
): { readonly everySeconds: number; readonly offsetSeconds: number } {
  const everySeconds =
    hours === undefined
      ? Math.max(1, Math.round(everyMs / 1000))
      : Math.min(Math.ceil(everyMs / 60_000) * 60, secondOfDay(hours.to) - secondOfDay(hours.from));
  return { everySeconds, offsetSeconds: offsetOf(connectionId, everySeconds) };
}

/** Every so many seconds, day and night. Temporal counts intervals from 1970, whatever time zone and summer time do. */
export function everySpec(everyMs: number, connectionId: string): ScheduleSpec {
  const { everySeconds, offsetSeconds } = deltaInterval(everyMs, undefined, connectionId);
  return { intervals: [{ every: everySeconds * 1000, offset: offsetSeconds * 1000 }] };
}

/**
 * Every so many seconds inside of business hours, in the connection's time zone: the first run of a day comes at most one
 * interval after `from`, and none begins at `to` or later.
 *
 * Temporal has no interval within hours, so the times of day are written out as calendars, for intervals that divide
 * the hour and for those that don't. An interval is rounded up to whole minutes here; one that is longer than the hours
 * means one run a day, which takes place on every day of the week that the hours name. Of several, those at times that the clocks
 * skip are left out. In the hour that comes twice, Temporal runs those of some intervals both times and of others the second time
 * only; either way the next run catches up.
 */
export function businessHoursSpec(
  everyMs: number,
  hours: BusinessHours,
  timeZone: string,
  connectionId: string,
): ScheduleSpec {
  const [from, to] = [secondOfDay(hours.from), secondOfDay(hours.to)];
  const { everySeconds, offsetSeconds } = deltaInterval(everyMs, hours, connectionId);
  const times: number[] = [];
  for (let time = from + offsetSeconds; time < to; time += everySeconds) times.push(time);
  const dayOfWeek = hours.days.length === 7 ? undefined : [...hours.days].sort().map((day) => days[day] ?? 'SUNDAY');
  const onlyTime = times.length === 1 ? times[0] : undefined;
  const onDay = (day: number) => hours.days.includes(day);
  const skipped = onlyTime === undefined ? [] : skippedTimes(onlyTime, timeZone, onDay);
  return { calendars: [...calendars(times, dayOfWeek), ...skipped], timezone: timeZone };
}

/**
 * Daily at a time of day in the connection's time zone, up to an hour later by its offset: once a day, also on the day on which the
 * clocks skip that time, and on the day that has it twice.
 */
export function dailySpec(at: string, timeZone: string, connectionId: string): ScheduleSpec {
  const time = (secondOfDay(at) + offsetOf(connectionId, 3600)) % daySeconds;
  return { calendars: [...calendars([time], undefined), ...skippedTimes(time, timeZone)], timezone: timeZone };
}

type Calendar = NonNullable<ScheduleSpec['calendars']>[number];

/** The fewest calendars for these seconds of the day: minutes that occur in the same hours share one. */
function calendars(times: readonly number[], dayOfWeek: DayOfWeek[] | undefined): Calendar[] {
  const hoursOf = new Map<number, number[]>();
  for (const time of times) {
    const withinHour = time % 3600;
    hoursOf.set(withinHour, [...(hoursOf.get(withinHour) ?? []), Math.floor(time / 3600)]);
  }
  const groups = new Map<string, { second: number; hour: number[]; minute: number[] }>();
  for (const [withinHour, hour] of hoursOf) {
    const second = withinHour % 60;
    const key = `${second} ${hour.join()}`;
    const group = groups.get(key) ?? { second, hour, minute: [] };
    group.minute.push(Math.floor(withinHour / 60));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ second, minute, hour }) => ({
    second,
    minute,
    hour,
    ...(dayOfWeek ? { dayOfWeek } : {}),
  }));
}

function secondOfDay(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 3600 + minute * 60;
}
