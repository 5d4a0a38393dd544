import type { Mutant } from '../mutant';

const file = 'test/replaced/replaced.test.ts';

/** Lines without an id, which are replaced by whole days. */
export const replaced: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'lines with one key are in the order of the list',
    file: 'destination/rows/replaced/lines.ts',
    find: 'row_number() over (partition by key order by content, raw collate "C")',
    replace: 'row_number() over (partition by key order by ctid)',
    test: { file, name: 'a document in another order changes none' },
  },
  {
    invariant: 3,
    name: 'a list with a line that cannot be read deletes what it lacks',
    file: 'activities/replaced/readDocument.ts',
    find: 'read.lines > 0 && counts.errors === 0 && !endUncertain',
    replace: 'read.lines > 0 && !endUncertain',
    test: { file, name: 'a list with a line that cannot be read deletes nothing' },
  },
  {
    invariant: 3,
    name: 'the days at the edges of a range are replaced as well',
    file: 'activities/replaced/inside.ts',
    find: 'return begins >= from + dayMs && ends <= to - dayMs;',
    replace: 'return ends > from && begins < to;',
    test: { file, name: 'the days at the edges of a range, which come in part, stay as they are' },
  },
  {
    invariant: 3,
    name: 'a day that loses most of its lines is judged among all rows only',
    file: 'activities/records/leftOut.ts',
    find: ' ?? whyDaysWait(guard, days)',
    replace: '',
    test: { file, name: 'a day that loses most of its lines waits for an operator' },
  },
  {
    invariant: 3,
    name: 'a row that was received just now is deleted by a list that was requested before',
    file: 'destination/rows/replaced/days.ts',
    find: "c._origin = 'source' and c._received_at < :before",
    replace: "c._origin = 'source' and :before::timestamptz is not null",
    test: { file, name: 'what was received just now, or is not of the source' },
  },
  {
    invariant: 4,
    name: 'an older list replaces a day',
    file: 'destination/rows/replaced/days.ts',
    find: 'where w.sent_at < excluded.sent_at',
    replace: 'where true',
    test: { file, name: 'a document that was requested before that of the day changes nothing of it' },
  },
  {
    invariant: 11,
    name: 'a list that ignores its range replaces days',
    file: 'activities/replaced/inside.ts',
    find: 'if (outside.length === 0) return;',
    replace: 'if (outside.length >= 0) return;',
    test: { file, name: 'a source that limits its list by another day than that of the lines replaces nothing' },
  },
];
