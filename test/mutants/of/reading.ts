import type { Mutant } from '../mutant';

/** Mutants of source/reading. */
export const reading: readonly Mutant[] = [
  {
    invariant: 6,
    name: 'the cursor is rounded up on its way to the source',
    file: 'source/reading/filter/cursorForm.ts',
    find: 'return Math.floor(local / tick) * tick;',
    replace: 'return Math.ceil(local / tick) * tick;',
    test: {
      file: 'test/invariants/06-cursor.test.ts',
      name: 'goes back to the API as the API writes its timestamps, not a moment later',
    },
  },
  {
    invariant: 9,
    name: 'an error quotes the body',
    file: 'source/reading/listReader.ts',
    find: 'shapeOf(answer.body)}`',
    replace: 'JSON.stringify(answer.body)}`',
    test: {
      file: 'test/invariants/09-flat-histories.test.ts',
      name: 'nor does one of a run that failed over an answer that was no list',
    },
  },
  {
    invariant: 11,
    name: 'old records among changes are taken',
    file: 'source/reading/filter/otherClock.ts',
    find: 'if (!ageless && outside * 2 <= readable) return 0;',
    replace: 'if (outside >= 0) return 0;',
    test: {
      file: 'test/invariants/11-filter.test.ts',
      name: 'one that lets everything through is noticed on the first page, of which nothing is written',
    },
  },
  {
    invariant: 11,
    name: 'only a page of nothing but old records is refused',
    file: 'source/reading/filter/otherClock.ts',
    find: 'if (!ageless && outside * 2 <= readable) return 0;',
    replace: 'if (outside < readable) return 0;',
    test: {
      file: 'source/changes.test.ts',
      name: 'a filter that does not filter is caught before anything is handed out: %s',
    },
  },
  {
    invariant: 2,
    name: 'after the clock was put back, the cursor of a local time is sent as it is',
    file: 'source/reading/filter/cursorForm.ts',
    find: 'wallAt(at, since.timeZone) - putBackSince(at - day, now, since.timeZone)',
    replace: 'wallAt(at, since.timeZone)',
    test: {
      file: 'source/reading/filter/cursorForm.test.ts',
      name: 'a change after the clock was put back is found by a cursor from before, at whatever time of either hour',
    },
  },
  {
    invariant: 8,
    name: 'a row that does not fit its headers is read all the same',
    file: 'source/reading/tabulated.ts',
    find: 'if (!Array.isArray(row) || row.length !== names.length) return row;',
    replace: 'if (!Array.isArray(row)) return row;',
    test: {
      file: 'source/reading/tabular.test.ts',
      name: 'a row of another length is set aside as it came, and the others land',
    },
  },
  {
    invariant: 2,
    name: 'a window reaches back from the cursor by nothing',
    file: 'source/reading/windows.ts',
    find: 'since.getTime() - parseDuration(window.back)',
    replace: 'since.getTime()',
    test: {
      file: 'test/strategies/windows.test.ts',
      name: 'after an outage nothing is lost that was edited while its day was less than `back` ago',
    },
  },
  {
    invariant: 2,
    name: 'of a long range only the newest window is read',
    file: 'source/reading/windows.ts',
    find: 'place = { from: next, end, doubt: doubtful, inner: null };',
    replace: 'place = { from: end, end, doubt: doubtful, inner: null };',
    test: {
      file: 'test/strategies/windows.test.ts',
      name: 'after an outage nothing is lost that was edited while its day was less than `back` ago',
    },
  },
  {
    invariant: 2,
    name: 'a reading in windows that goes on ends at another present',
    file: 'source/reading/windows.ts',
    find: 'return { from: windowFrom, end: windowEnd,',
    replace: 'return { from: windowFrom, end: Date.now(),',
    test: {
      file: 'source/windows.test.ts',
      name: 'a reading that stops goes on in the window where it was, with the same ranges whenever that is',
    },
  },
  {
    invariant: 11,
    name: 'what is later than the end of a window is not outside of it',
    file: 'source/reading/filter/filter.ts',
    find: 'return { outside: older + readable - upTo.older, readable };',
    replace: 'return { outside: older + 0 * upTo.older, readable };',
    test: {
      file: 'source/windows.test.ts',
      name: 'a source that ignores %s is found out before anything is handed on',
    },
  },
  {
    invariant: 12,
    name: 'a probe takes a parent that never existed for one without records, whatever its list shows',
    file: 'source/probe/parentFinding.ts',
    find: 'if (theirs.came === 0) {',
    replace: 'if (theirs.came >= 0) {',
    test: { file: 'source/probe/parentFinding.test.ts', name: 'a parent that never existed is answered with %s' },
  },
  {
    invariant: 12,
    name: 'a probe does not see that related records belong to other records',
    file: 'source/probe/relatedFindings.ts',
    find: 'if (strangers.length > 0) {',
    replace: 'if (strangers.length < 0) {',
    test: { file: 'source/probe/relatedFindings.test.ts', name: 'contradicts where %s' },
  },
  {
    invariant: 12,
    name: 'a probe does not see that a feed ignores its token',
    file: 'source/probe/feedFindings.ts',
    find: 'if (whole && again >= enough && again === all.records.length)',
    replace: 'if (whole && again > all.records.length)',
    test: { file: 'source/probe/feedFindings.test.ts', name: 'contradicts where %s' },
  },
  {
    invariant: 12,
    name: 'an audit of a mapping takes what is handed on whole for what nothing reads',
    file: 'source/mappingAudit/track.ts',
    find: "this.reads.paths.add(below(path, '**'));",
    replace: 'this.reads.paths.add(path);',
    test: {
      file: 'source/mappingAudit/auditMapping.test.ts',
      name: 'a definition that reads everything: only the column of a wider type is found',
    },
  },
  {
    invariant: 14,
    name: 'an audit of a mapping shows content',
    file: 'source/mappingAudit/fields.ts',
    find: "const type = Array.isArray(value) ? 'list' : typeof value;",
    replace: "const type = Array.isArray(value) ? 'list' : String(value);",
    test: { file: 'source/mappingAudit/auditMapping.test.ts', name: 'no content of a record leaves it' },
  },
  {
    invariant: 12,
    name: 'a probe takes a full page of related records for the last',
    file: 'source/probe/relatedFindings.ts',
    find: 'return { answer, page: pageOf(entity, listing, answer, sizeOf(listing)) };',
    replace: 'return { answer, page: pageOf(entity, listing, answer) };',
    test: {
      file: 'source/probe/relatedFindings.test.ts',
      name: 'a first page that is full, of a list that says neither what follows nor how many there are',
    },
  },
];
