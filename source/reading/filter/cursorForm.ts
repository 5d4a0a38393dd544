import type { Since } from '../../../schema/definition/listings/listing';
import { instantOfWall, putBackBetween, wallAt } from '../../../schema/localTime';

const day = 24 * 60 * 60 * 1000;

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
  if (isLocal(since)) return localFilterValue(since, cursor.getTime(), now);
  const { tick, write } = forms[since.form];
  // the day that has begun everywhere on earth, since it is unknown whose midnight the source takes; zones go from -12 to +14
  const earliest = since.form === 'date' ? cursor.getTime() - 12 * 60 * 60 * 1000 : cursor.getTime();
  const rounded = Math.floor(earliest / tick) * tick;
  const sent = since.boundary === 'exclusive' ? rounded - tick : rounded;
  return { text: write(sent), instant: since.form === 'date' ? sent - 14 * 60 * 60 * 1000 : sent };
}

/** The end of "until now" in the source's own form, never earlier than `now`, in milliseconds since 1970: at least a tick later. */
export function untilValue(since: Since, now: number): string {
  const { tick, write } = forms[since.form];
  if (isLocal(since)) {
    const latest = wallAt(now, since.timeZone) + putBackBetween(now - day, now, since.timeZone);
    return withoutZone(write((Math.floor(latest / tick) + 1) * tick));
  }
  // whose midnight a date means is unknown: the day that no place on earth has left
  const latest = since.form === 'date' ? now + 14 * 60 * 60 * 1000 : now;
  return write((Math.floor(latest / tick) + 1) * tick);
}

type LocalSince = Since & { readonly timeZone: string };

/** Whether the value is what a clock shows: an instant since 1970, or an HTTP date, is the same everywhere. */
function isLocal(since: Since): since is LocalSince {
  return since.timeZone !== undefined && !since.form.startsWith('epoch') && since.form !== 'http-date';
}

/**
 * The cursor as a clock of the source's zone shows it. When that clock is put back, a later change may carry an earlier time: for a day
 * afterwards, the cursor is sent earlier by as much, also where it is from before.
 */
function localFilterValue(since: LocalSince, cursor: number, now: number): FilterValue {
  const { timeZone } = since;
  const { tick, write } = forms[since.form];
  const wall = wallAt(cursor, timeZone) - putBackSince(cursor - day, now, timeZone);
  const rounded = Math.floor(wall / tick) * tick;
  const sent = since.boundary === 'exclusive' ? rounded - tick : rounded;
  return { text: withoutZone(write(sent)), instant: instantOfWall(sent, timeZone) };
}

/** The farthest that the clock was put back within a day, from `from` to `to`; a cursor may be months old. */
function putBackSince(from: number, to: number, timeZone: string): number {
  let farthest = 0;
  for (let at = from; at < to; at += day) {
    farthest = Math.max(farthest, putBackBetween(at, Math.min(at + day, to), timeZone));
  }
  return farthest;
}

function withoutZone(text: string): string {
  return text.replace(/Z$/, '');
}
