import { z } from 'zod';
import { zone } from '../zone';
import { window } from './window';

const name = z.string().min(1);

/** How a source writes the instant that a `changes` query is filtered by, so that a cursor is sent in the source's own form. */
export const cursorForms = [
  /** 2026-11-21 09:20:37Z */
  'space-seconds',
  /** 2026-11-21 09:20:37.123Z */
  'space-milliseconds',
  /** 2026-11-21 09:20:37.123456Z */
  'space-microseconds',
  /** Sat, 21 Nov 2026 09:20:37 GMT, as `If-Modified-Since` takes it */
  'http-date',
  /** 2026-11-21T09:20:37Z */
  'iso-seconds',
  /** 2026-11-21T09:20:37.123Z */
  'iso-milliseconds',
  /** 2026-11-21T09:20:37.123456Z */
  'iso-microseconds',
  /** 2026-11-21, the day in UTC */
  'date',
  /** 1795252837 */
  'epoch-seconds',
  /** 1795252837123 */
  'epoch-milliseconds',
] as const;

/**
 * How the listing `changes` is filtered by the cursor. A filter that the source ignores fails the run.
 * @example
 * { param: 'where[touched_at][gte]', field: 'touched_at', form: 'iso-seconds', timeZone: 'connection', boundary: 'inclusive', window: { back: '7d', atMost: '31d' } }
 */
export const since = z.strictObject({
  /** The parameter that carries the cursor. Leave it out where the request contains `{since}`, once or several times. */
  param: name.optional(),
  /** Path in a record to the field that the source filters by, where that is another field than `deltaSyncField`. */
  field: name.optional(),
  /** How the source writes an instant. */
  form: z.enum(cursorForms),
  /** The zone of sources that compare with times without one: a name such as `Asia/Kolkata`, or `connection` for that of the connection. Forms with a date are then sent as the clock there shows, without `Z`. For 24 hours after that clock was put back, the cursor is sent earlier by as much. */
  timeZone: zone.optional(),
  /**
   * `inclusive` where the source returns records changed at that instant or later (`>=`), `exclusive` where it returns those
   * changed later (`>`). For `exclusive`, the engine sends a cursor one unit of `form` earlier, because a strict comparison
   * loses the records changed at the instant of the cursor.
   */
  boundary: z.enum(['inclusive', 'exclusive']),
  /** For sources that are asked for a range of time, and that know nothing about changes or accept no long range. */
  window: window.optional(),
});

export type Since = z.infer<typeof since>;
