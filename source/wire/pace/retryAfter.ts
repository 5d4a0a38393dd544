/** Longer waits than this are cut: a source that says "in a year" is asked again after a day. */
export const longestWaitMs = 24 * 60 * 60 * 1000;

/**
 * Milliseconds that a `Retry-After` header asks to wait (RFC 9110, section 10.2.3: seconds or an HTTP date; fractions
 * are not in the standard but sent all the same). A past date is 0, an absurdly long wait is cut to a day, and
 * undefined says that the header is absent or unreadable.
 *
 * @param now the source's time in milliseconds since 1970 where its answer gave it, so that clocks apart don't matter
 */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  // Date.parse takes anything that looks like a year; an HTTP date has the name of a month in it
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : bounded(date - now);
}

function bounded(milliseconds: number): number {
  return Math.min(Math.max(0, Math.ceil(milliseconds)), longestWaitMs);
}
