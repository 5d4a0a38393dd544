import { z } from 'zod';
import { duration, parseDuration } from '../../duration';

/**
 * A delta asks for the range from the cursor to the present. The request contains `{until}`, its end. A record outside of the range shows that
 * the source ignores it: where that is more than half of a page, the run fails. Fewer are written, and counted as `outside`.
 * @example
 * { back: '7d', atMost: '31d' }
 */
export const window = z.strictObject({
  /**
   * How long before the cursor the range begins. Where the source filters by a date that an edit does not change, such as the day of a
   * booking, declare how old a record can be when it is edited.
   */
  back: duration.default('0s'),
  /**
   * The widest range that the source accepts, as the difference of the two values that are sent. The engine reads a longer range in parts, the
   * oldest first. A run that stops goes on in the part where it was.
   */
  atMost: duration.optional(),
});
export type Window = z.infer<typeof window>;

/** The filter that has a window. */
interface Filter {
  readonly form: string;
  readonly timeZone?: string | undefined;
  readonly boundary: 'inclusive' | 'exclusive';
  readonly window?: Window | undefined;
}

const day = 24 * 60 * 60 * 1000;

/** The narrowest `atMost`, in milliseconds: the two values are rounded outwards, to whole days and by the zones that a date without one can mean. */
function leastWidth({ form, timeZone, boundary }: Filter): number {
  if (form !== 'date') return timeZone === undefined ? 60_000 : day;
  return (timeZone === undefined ? 4 : 3) * day + (boundary === 'exclusive' ? day : 0);
}

/** What is wrong with the window of a filter, with the path of each mistake; `bounded`: the request contains `{until}`, or a function makes it. */
export function windowMistakes(at: string, since: Filter, bounded: boolean): string[] {
  const { window: declared, form } = since;
  if (declared === undefined) return [];
  const found: string[] = [];
  if (!bounded) found.push(`${at}.window: the request contains no {until}, so its range has no end`);
  const least = leastWidth(since);
  if (declared.atMost !== undefined && parseDuration(declared.atMost) < least) {
    const needed = least >= day ? `${least / day}d` : '1m';
    found.push(`${at}.window.atMost: must be ${needed} or more, since the two ends are rounded to the form '${form}'`);
  }
  return found;
}
