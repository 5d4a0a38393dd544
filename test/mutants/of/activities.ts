import type { Mutant } from '../mutant';

/** Mutants of activities/. */
export const activities: readonly Mutant[] = [
  {
    invariant: 6,
    name: 'the cursor of changed related records moves with the first page of several',
    file: 'activities/delta/relatedChanges.ts',
    find: 'if (page.resumePoint === null) await moveRelatedCursor(trx, key, feed);',
    replace: 'await moveRelatedCursor(trx, key, feed);',
    test: {
      file: 'test/related/relatedChanges.test.ts',
      name: 'what one page named is owed although the run fails at the next one, and the cursor stays',
    },
  },
  {
    invariant: 2,
    name: 'one reading settles a change of a related record that no list shows again',
    file: 'activities/delta/relatedChanges.ts',
    find: 'return listedAgain ? page.sent : page.received + readLagMs;',
    replace: 'return page.sent;',
    test: {
      file: 'test/related/relatedChanges.test.ts',
      name: 'a change is read once more after the read lag, since no list shows it again',
    },
  },
  {
    invariant: 2,
    name: 'no lookback',
    file: 'activities/delta/endDelta.ts',
    find: 'const lookback = parseDuration(entity.lookback);',
    replace: 'const lookback = 0;',
    test: {
      file: 'test/invariants/02-no-lost-update.test.ts',
      name: 'a record that was committed late, with a time from before the run before',
    },
  },
  {
    invariant: 3,
    name: 'a 404 is believed although every record answers so',
    file: 'activities/reconciliation/confirmDeletions.ts',
    find: 'if (doubt !== null) return doubt;',
    replace: '',
    test: {
      file: 'test/strategies/strategies.test.ts',
      name: 'when even listed records answer 404, nothing is deleted: the token is of another account',
    },
  },
  {
    invariant: 3,
    name: 'the second scan is not looked at',
    file: 'activities/reconciliation/confirmDeletions.ts',
    find: 'await db.transaction((trx) => keepListed(trx, planId, runId));',
    replace: '',
    test: {
      file: 'test/invariants/03-no-false-delete.test.ts',
      name: 'keeps what the second scan lists after all',
    },
  },
  {
    invariant: 3,
    name: 'a second scan that lists nothing of a partition confirms',
    file: 'activities/reconciliation/confirmDeletions.ts',
    find: 'ids === 0 || unread.has(partition) ? [partition] : []',
    replace: 'ids < 0 || unread.has(partition) ? [partition] : []',
    test: { file: 'test/invariants/03-coverage.test.ts', name: 'in the second scan confirms nothing' },
  },
  {
    invariant: 4,
    name: 'the watermark rises over what was not compared',
    file: 'activities/reconciliation/finish.ts',
    find: 'watermark: coversAll(coverage)',
    replace: 'watermark: coverage !== undefined',
    test: {
      file: 'test/invariants/03-coverage.test.ts',
      name: 'keeps its rows, in a plan of its own, while the others are compared',
    },
  },
  {
    invariant: 6,
    name: 'the first token is had after the list has been read',
    file: 'activities/delta/pullPart.ts',
    find: `listing === 'all' && firstSent === null)`,
    replace: `false)`,
    test: {
      file: 'test/invariants/06-token-feeds.test.ts',
      name: 'the first token is had before the first page of `all`, so that what changes meanwhile is not lost',
    },
  },
  {
    invariant: 7,
    name: 'nobody looks after events that were left',
    file: 'activities/sweep.ts',
    find: 'oldest.getTime() < Date.now() - leftBehindMs',
    replace: 'oldest.getTime() > Date.now() + leftBehindMs',
    test: {
      file: 'test/invariants/07-acknowledged.test.ts',
      name: 'a workflow that is terminated in the middle leaves its events open, and the sweep has them processed',
    },
  },
  {
    invariant: 9,
    name: 'a batch returns the ids that it fetched',
    file: 'activities/records/records.ts',
    find: 'return { counts, fetches: committed, disputed:',
    replace: 'return { ids: Array.from({ length: committed }, String), counts, fetches: committed, disputed:',
    test: {
      file: 'test/invariants/09-flat-histories.test.ts',
      name: 'and histories of the same size, but for the digits of counts',
    },
  },
  {
    invariant: 10,
    name: 'Temporal is not asked what became of a run',
    file: 'activities/runs.ts',
    find: `if (status === 'RUNNING') {`,
    replace: `if (status === '') {`,
    test: {
      file: 'test/invariants/10-status.test.ts',
      name: 'of one whose lease has expired while its workflow is on: running, and its place stays taken',
    },
  },
  {
    invariant: 6,
    name: 'a delta moves the cursor before it has read everything',
    file: 'activities/attempt/ownRun.ts',
    find: 'if (done && parts === partitions.length) return;',
    replace: 'if (parts <= partitions.length) return;',
    test: {
      file: 'test/hostile/handStarted.test.ts',
      name: 'a delta cannot be ended before it has read everything, nor read from a later instant than its cursor',
    },
  },
  {
    invariant: 1,
    name: 'a listing of records without a version never confirms',
    file: 'activities/openTarget.ts',
    find: `nothingElse && 'in passing'`,
    replace: `false`,
    test: {
      file: 'test/strategies/versionless.test.ts',
      name: 'changes are seen by their columns, unchanged rows are not written, and a deleted record that is listed again is live at once',
    },
  },
  {
    invariant: 3,
    name: 'a record that was listed without an id is no reason to wait with deletions',
    file: 'activities/reconciliation/drawPlan.ts',
    find: 'if (keyless === 0) return null;',
    replace: 'if (keyless >= 0) return null;',
    test: {
      file: 'test/strategies/keyless.test.ts',
      name: 'without `one`, a row that is not listed while a record without an id is stays live and waits; without such a record it is deleted',
    },
  },
  {
    invariant: 13,
    name: 'an end of a wait is missed by whoever is deferred after it',
    file: 'activities/attempt/tryNow.ts',
    find: 'deferral === undefined || deferral.resumes === otherThan',
    replace: 'deferral !== undefined',
    test: {
      file: 'test/strategies/waits.test.ts',
      name: 'a run that is deferred after resume has looked goes on with the next sweep',
    },
  },
  {
    invariant: 13,
    name: 'the sweep ends a wait that the source asked for after the operator had ended another',
    file: 'activities/attempt/tryNow.ts',
    find: 'deferral === undefined || deferral.resumes === otherThan',
    replace: 'deferral === undefined',
    test: { file: 'test/strategies/waits.test.ts', name: 'a wait that the source asks for afterwards is obeyed' },
  },
  {
    invariant: 1,
    name: 'what was listed before a token expired counts in the full read',
    file: 'activities/delta/pullPart.ts',
    find: 'if (listedKeys) await forgetListed(trx, listedKeys.table, partition);',
    replace: '',
    test: {
      file: 'test/invariants/06-token-feeds.test.ts',
      name: 'a token that expires between two pages: what was listed before is no duplicate in the full read, keeping the %s',
    },
  },
  {
    invariant: 1,
    name: 'records that are set aside are differences that a proof has corrected',
    file: 'activities/reconciliation/finish.ts',
    find: ' - aside.missing - aside.stale',
    replace: '',
    test: {
      file: 'test/strategies/counts.test.ts',
      name: 'a reconciliation that finds some of everything, and one that only looks',
    },
  },
];
