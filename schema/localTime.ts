/**
 * Times without a zone, as some APIs write them, by the clock of a place. Two rules for the hours around a change of that clock:
 * a time that comes twice (the clock goes back) is its first instant; a time that never comes (the clock goes forward) is the
 * instant that a clock shows which has not been put forward yet.
 */

const minute = 60_000;
const day = 24 * 60 * minute;

/** A date and a time without a zone: `2026-03-13T07:04:47.123`, a space for the T, seconds and fraction may be missing. */
const localForm = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:[.,](\d{1,9})\d*)?$/;

/** Whether a value is a date and a time without a zone. */
export function isLocalTime(value: unknown): value is string {
  return typeof value === 'string' && localForm.test(value.trim());
}

/**
 * The instant of a time without a zone by the clock of a time zone, such as `Asia/Kolkata`: ISO in UTC, with the fraction as it was
 * written. Throws RangeError for text that is no such time, and for an unknown zone.
 * @example
 * toInstant('2026-03-13T07:04:47', 'Asia/Kolkata') // '2026-03-13T01:34:47Z'
 */
export function toInstant(local: string, timeZone: string): string {
  const parts = localForm.exec(local.trim());
  const [, year, month, date, hour, minutes, seconds = '00', fraction] = parts ?? [];
  const wall = Date.parse(`${year}-${month}-${date}T${hour}:${minutes}:${seconds}Z`);
  // Date takes the 30th of February for the 2nd of March
  const isDay = !Number.isNaN(wall) && new Date(wall).getUTCDate() === Number(date);
  if (!isDay) throw new RangeError(`${JSON.stringify(local.slice(0, 100))} is not a date and a time without a zone`);
  const instant = new Date(instantOfWall(wall, timeZone)).toISOString().slice(0, 19);
  return fraction === undefined ? `${instant}Z` : `${instant}.${fraction}Z`;
}

/** The instant at which a clock of the zone shows `wall`, both in milliseconds since 1970, `wall` as if it were UTC. */
export function instantOfWall(wall: number, timeZone: string): number {
  const [before, after] = [offsetAt(wall - day, timeZone), offsetAt(wall + day, timeZone)];
  if (before === after) return wall - before;
  // of a time that comes twice both are right, and the first comes by the offset from before; a missing one is read by it as well
  const byLater = offsetAt(wall - after, timeZone) === after && offsetAt(wall - before, timeZone) !== before;
  return wall - (byLater ? after : before);
}

/** What a clock of the zone shows at an instant, both in milliseconds since 1970, the result as if it were UTC. */
export function wallAt(instant: number, timeZone: string): number {
  return instant + offsetAt(instant, timeZone);
}

/** How far the clock of the zone was put back between two instants at most a few days apart, in milliseconds; 0 where it was not. */
export function putBackBetween(from: number, to: number, timeZone: string): number {
  return Math.max(0, offsetAt(from, timeZone) - offsetAt(to, timeZone));
}

/** Offsets are remembered by stretches of this length: to format a date takes longer than everything else that is done with a record. */
const stretch = 6 * 60 * minute;
const stretchesKept = 10_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** of stretches with one offset; null where it changes within */
  readonly offsets: Map<number, number | null>;
}

const zones = new Map<string, Zone>();

/** Milliseconds that the zone's clocks are ahead of UTC at an instant. */
function offsetAt(instant: number, timeZone: string): number {
  const zone = zoneOf(timeZone);
  const from = Math.floor(instant / stretch);
  let offset = zone.offsets.get(from);
  if (offset === undefined) {
    const [start, next] = [formattedOffset(zone, from * stretch), formattedOffset(zone, (from + 1) * stretch)];
    offset = start === next ? start : null;
    if (zone.offsets.size >= stretchesKept) zone.offsets.clear();
    zone.offsets.set(from, offset);
  }
  return offset ?? formattedOffset(zone, instant);
}

function zoneOf(timeZone: string): Zone {
  let zone = zones.get(timeZone);
  if (!zone) {
    const format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    zone = { format, offsets: new Map() };
    zones.set(timeZone, zone);
  }
  return zone;
}

function formattedOffset({ format }: Zone, instant: number): number {
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(instant)) shown[type] = Number(value);
  const { year = 0, month = 1, day: date = 1, hour = 0, minute: minutes = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, date, hour, minutes, second) - Math.floor(instant / 1000) * 1000;
}
