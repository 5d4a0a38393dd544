import { isLocalTime, toInstant } from '../../schema/localTime';
import { encodeVersion, instantOfVersion } from '../../schema/version';

/**
 * The instant that a field holds, in milliseconds since 1970, rounded down: a timestamp with a zone, a date (its first instant
 * anywhere), or seconds or milliseconds since 1970; with `timeZone`, also a time without a zone, or a date there. Null where it holds none that can be placed.
 */
export function instantIn(value: unknown, timeZone?: string): number | null {
  if (timeZone !== undefined && typeof value === 'string') {
    const local = /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00` : value;
    if (isLocalTime(local)) return localInstant(local, timeZone);
  }
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,13}(\.\d+)?$/.test(value))) {
    const since1970 = Number(value);
    return Math.floor(since1970 > 1e11 ? since1970 : since1970 * 1000);
  }
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) return Date.parse(`${value}T00:00:00Z`);
  if (typeof value === 'string' && /^[A-Z][a-z]{2}, \d\d [A-Z]/.test(value)) {
    const instant = Date.parse(value);
    return Number.isNaN(instant) ? null : instant;
  }
  try {
    const version = encodeVersion('instant', value);
    return version === null ? null : instantOfVersion(version);
  } catch {
    return null;
  }
}

function localInstant(local: string, timeZone: string): number | null {
  try {
    return Date.parse(toInstant(local, timeZone));
  } catch {
    return null;
  }
}
