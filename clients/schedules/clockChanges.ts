import type { ScheduleSpec } from '@temporalio/client';

type Calendar = NonNullable<ScheduleSpec['calendars']>[number];

/** A change of a time zone's offset from UTC, such as the beginning of summer time. Offsets in seconds. */
interface ClockChange {
  /** milliseconds since 1970 */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** Clock changes are written out for these years; a spec that depended on today would differ from the stored one each new year. */
const years = { first: 2026, last: 2050 };
/** No zone changes its clocks twice within a week: Morocco's two changes around Ramadan are a month apart. */
const stepMs = 7 * 86_400_000;
const daySeconds = 86_400;
const known = new Map<string, readonly ClockChange[]>();

/**
 * Calendars, each for one date, that stand for a daily time on the days whose clocks skip it: Temporal leaves such a day out. The
 * run begins when the skipped time would have come on a clock that had not been changed: 02:30 is 03:30 on that day.
 * A time that comes twice needs nothing: Temporal fires the second time only.
 *
 * @param time second of the day
 * @param onDay whether the schedule runs on that day of the week; 0 is Sunday
 */
export function skippedTimes(time: number, timeZone: string, onDay: (day: number) => boolean = () => true): Calendar[] {
  return clockChanges(timeZone).flatMap(({ at, before, after }) => {
    // the clocks jump from this local time …
    const from = at / 1000 + before;
    const midnight = Math.floor(from / daySeconds) * daySeconds;
    // … and the day's time, or that of the next day where midnight is skipped, may lie in the jump
    return [midnight + time, midnight + daySeconds + time]
      .filter((local) => local >= from && local < from + after - before)
      .filter((local) => onDay(new Date(local * 1000).getUTCDay()))
      .map((local) => dateOf(local + after - before));
  });
}

/** A calendar that matches one local time, in seconds since 1970 as if the zone were UTC. */
function dateOf(local: number): Calendar {
  const date = new Date(local * 1000);
  return {
    year: date.getUTCFullYear(),
    month: months[date.getUTCMonth()] ?? 'JANUARY',
    dayOfMonth: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

const months = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;

/** Every change of a zone's clocks in the years above; kept, since a thousand connections may share a zone. */
function clockChanges(timeZone: string): readonly ClockChange[] {
  const before = known.get(timeZone);
  if (before) return before;
  const offsetAt = offsetsOf(timeZone);
  const changes: ClockChange[] = [];
  const end = Date.UTC(years.last + 1, 0, 1);
  for (let at = Date.UTC(years.first, 0, 1); at < end; at += stepMs) {
    const [start, next] = [offsetAt(at), offsetAt(at + stepMs)];
    if (start !== next) changes.push({ at: changeBetween(offsetAt, at, at + stepMs), before: start, after: next });
  }
  known.set(timeZone, changes);
  return changes;
}

/** The first millisecond of the later offset. */
function changeBetween(offsetAt: (at: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  const start = offsetAt(from);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === start) low = middle;
    else high = middle;
  }
  return high;
}

/** Seconds that the zone's clocks are ahead of UTC at an instant. */
function offsetsOf(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - Math.floor(at / 1000);
  };
}
