import type { Since } from '../../../schema/definition/listings/since';
import { instantOfWall, putBackBetween, wallAt } from '../../../schema/localTime';

const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** The filter value of a `changes` query. */
export interface FilterValue {
  readonly text: string;
  /** the earliest instant that the text can mean, in milliseconds since 1970: no record that passes the filter is older */
  readonly instant: number;
}

/** Milliseconds down to the tick that the source's form knows, and the text of it. */
interface Form {
  readonly tick: number;
  readonly write: (milliseconds: number) => string;
}

const iso = (milliseconds: number) => new Date(milliseconds).toISOString();

const isoForms = {
  seconds: { tick: 1000, write: (at: number) => `${iso(at).slice(0, 19)}Z` },
  milliseconds: { tick: 1, write: iso },
  // cursors are whole milliseconds: a whole one earlier is at least a microsecond earlier
  microseconds: { tick: 1, write: (at: number) => `${iso(at).slice(0, 23)}000Z` },
};
const withSpace = ({ tick, write }: Form): Form => ({ tick, write: (at) => write(at).replace('T', ' ') });

/** What stands for a cursor in each form. A date is read by each source in a time zone of its own. */
const forms: { readonly [F in Since['form']]: Form } = {
  'iso-seconds': isoForms.seconds,
  'iso-milliseconds': isoForms.milliseconds,
  'iso-microseconds': isoForms.microseconds,
  'space-seconds': withSpace(isoForms.seconds),
  'space-milliseconds': withSpace(isoForms.milliseconds),
  'space-microseconds': withSpace(isoForms.microseconds),
  'http-date': { tick: 1000, write: (at) => new Date(at).toUTCString() },
  date: { tick: day, write: (at) => iso(at).slice(0, 10) },
  'epoch-seconds': { tick: 1000, write: (at) => String(at / 1000) },
  'epoch-milliseconds': { tick: 1, write: String },
};

/**
 * The cursor in the source's own form, never later than it: rounded down to the form's tick, and one tick earlier where
 * the source compares strictly, because `>` loses the records that tie with the cursor.
 */
export function filterValue(since: Since, cursor: Date, now = Date.now()): FilterValue {
  const { tick } = forms[since.form];
  const from = beginning(since, cursor.getTime(), now);
  const sent = since.boundary === 'exclusive' ? from - tick : from;
  return { text: written(since, sent), instant: earliest(since, sent) };
}

/** The end of "until now" in the source's own form, never earlier than `now`, in milliseconds since 1970: at least a tick later. */
export function untilValue(since: Since, now: number): string {
  return written(since, ending(since, now));
}

/** A range of time as it is sent. */
export interface RangeValue {
  readonly since: FilterValue;
  readonly until: string;
  /** the latest instant that a record of the range can have, in milliseconds since 1970 */
  readonly latest: number;
  /** where the next range begins, in milliseconds since 1970; null where this one reaches the end */
  readonly next: number | null;
}

/**
 * The range from `from` to `end`, both in milliseconds since 1970, or its first part where the values that are sent would be further apart than
 * `atMost`. A part ends no earlier than the next one begins, in whole ticks of the form. The same input gives the same parts at any time.
 */
export function rangeValue(
  since: Since,
  { from, end, atMost = Number.POSITIVE_INFINITY }: { from: number; end: number; atMost?: number | undefined },
): RangeValue {
  const { tick } = forms[since.form];
  const value = filterValue(since, new Date(from), end);
  const first = beginning(since, from, end) - (since.boundary === 'exclusive' ? tick : 0);
  const range = (until: number, next: number | null): RangeValue => ({
    ...{ since: value, until: written(since, until), next },
    // a source may count the end as part of the range
    latest: latest(since, until + tick),
  });
  const last = ending(since, end);
  if (last - first <= atMost) return range(last, null);
  const widest = Math.floor(atMost / tick) * tick;
  let next = Math.min(from + widest, end - 1);
  const tooWide = () => beginning(since, next, end) - first - widest;
  while (tooWide() > 0) next -= tooWide();
  return range(beginning(since, next, end), next);
}

/** An instant in the clock of the form, rounded down to a tick that is never later than it. */
function beginning(since: Since, at: number, now: number): number {
  const { tick } = forms[since.form];
  // for a day after the clock was put back, a later change may carry an earlier time: also where the instant is from before
  const local = isLocal(since)
    ? wallAt(at, since.timeZone) - putBackSince(at - day, now, since.timeZone)
    : // the day that has begun everywhere on earth, since it is unknown whose midnight the source takes; zones go from -12 to +14
      at - (since.form === 'date' ? 12 * hour : 0);
  return Math.floor(local / tick) * tick;
}

/** An instant in the clock of the form, a tick later at least. */
function ending(since: Since, at: number): number {
  const { tick } = forms[since.form];
  const local = isLocal(since)
    ? wallAt(at, since.timeZone) + putBackBetween(at - day, at, since.timeZone)
    : // whose midnight a date means is unknown: the day that no place on earth has left
      at + (since.form === 'date' ? 14 * hour : 0);
  return (Math.floor(local / tick) + 1) * tick;
}

/** The earliest instant that a value in the clock of the form can mean. */
function earliest(since: Since, sent: number): number {
  if (isLocal(since)) return instantOfWall(sent, since.timeZone);
  return since.form === 'date' ? sent - 14 * hour : sent;
}

/** The latest. */
function latest(since: Since, sent: number): number {
  if (isLocal(since))
    return instantOfWall(sent, since.timeZone) + putBackBetween(sent - day, sent + day, since.timeZone);
  return since.form === 'date' ? sent + 12 * hour : sent;
}

function written(since: Since, sent: number): string {
  const text = forms[since.form].write(sent);
  return isLocal(since) ? text.replace(/Z$/, '') : text;
}

type LocalSince = Since & { readonly timeZone: string };

/** Whether the value is what a clock shows: an instant since 1970, or an HTTP date, is the same everywhere. */
function isLocal(since: Since): since is LocalSince {
  return since.timeZone !== undefined && !since.form.startsWith('epoch') && since.form !== 'http-date';
}

/** The farthest that the clock was put back within a day, from `from` to `to`; a cursor may be months old. */
function putBackSince(from: number, to: number, timeZone: string): number {
  let farthest = 0;
  for (let at = from; at < to; at += day) {
    farthest = Math.max(farthest, putBackBetween(at, Math.min(at + day, to), timeZone));
  }
  return farthest;
}
