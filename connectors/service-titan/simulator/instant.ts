import { hash } from '../../simulator/hash';

/** How the API shows a time that was never set: the first instant of .NET's calendar. */
export const unset = Date.parse('0001-01-01T00:00:00Z');

/**
 * An instant as the API writes it: UTC, and 0, 3 or 7 digits of a second in one and the same list.
 * @param milliseconds since 1970; equal values are written alike
 */
export function writeInstant(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  if (milliseconds === unset) return '0001-01-01T00:00:00Z';
  if (milliseconds % 1000 === 0) return `${text.slice(0, 19)}Z`;
  const finer = hash(milliseconds % 1_000_000_007, 61);
  return finer % 2 === 0 ? text : `${text.slice(0, 23)}${String((finer >>> 8) % 1000).padStart(3, '0')}9Z`;
}

/** Milliseconds since 1970 of an ISO 8601 date or time, or undefined; digits beyond the millisecond are dropped. */
export function readInstant(text: string): number | undefined {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
