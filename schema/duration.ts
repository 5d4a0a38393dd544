import ms, { type StringValue } from 'ms';
import { z } from 'zod';

/** A span of time as people write it: `'15m'`, `'10s'`, `'1 day'`, `'250ms'`. */
export const duration = z.string().refine((text) => Number.isFinite(parseDuration(text)) && parseDuration(text) >= 0, {
  error: "not a duration: write a number and a unit, such as '15m', '10s' or '24h'",
});
export type Duration = string;

/** Milliseconds of a duration; NaN when it is none. */
export function parseDuration(text: Duration): number {
  return text.trim() === '' || text.length > 50 ? Number.NaN : (ms(text as StringValue) ?? Number.NaN);
}
