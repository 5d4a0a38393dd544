// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

/** A small change that breaks one invariant on purpose, and the test that notices. */
export interface Mutant {
  readonly name: string;
  /** its number in ARCHITECTURE.md */
  readonly invariant: number;
  readonly file: string;
  /** stands in the file exactly once */
  readonly find: string;
  readonly replace: string;
  /** `name` as it is written in the file; the `%s` of a `test.each` matches anything. The test must pass by itself. */
  readonly test: { readonly file: string; readonly name: string };
}

export const mutants: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'a reconciliation does not look at versions',
    file: 'destination/plans/diffScan.ts',
    find: `'c._version is distinct from s.version'`,
    replace: `'false'`,
    test: {
      file: 'test/strategies/strategies.test.ts',
      name: 'what a delta missed is fetched: a record and a change with times before the cursor',
    },
  },
  {
    invariant: 1,
    name: 'a reconciliation does not look for rows that are gone',
    file: 'destination/plans/diffScan.ts',
    find: 'when s.external_id is null then c.deleted_at is null else',
    replace: 'when s.external_id is null then c.deleted_at is not null else',
    test: {
      file: 'test/strategies/strategies.test.ts',
      name: 'a deleted record is soft-deleted after the source confirmed it; everything else stays',
    },
  },
  {
    invariant: 5,
    name: 'attempts that lose their worker are not counted',
    file: 'destination/runs/runParts.ts',
    find: 'tries = p.tries + 1',
    replace: 'tries = p.tries',
    test: {
      file: 'test/invariants/lostWorkers.test.ts',
      name: 'the sixth attempt at a page that ends every worker fails the run and says why',
    },
  },
  {
    invariant: 2,
    name: 'no lookback',
    file: 'activities/delta/endDelta.ts',
    find: 'started - parseDuration(open.entity.lookback)',
    replace: 'started',
    test: {
      file: 'test/invariants/02-no-lost-update.test.ts',
      name: 'a record that was committed late, with a time from before the run before',
    },
  },
  {
    invariant: 2,
    name: 'the cursor is told in our clock only',
    file: 'activities/delta/endDelta.ts',
    find: 'Math.min(...[firstSent, firstSentSource]',
    replace: 'Math.min(...[firstSent]',
    test: {
      file: 'test/invariants/02-no-lost-update.test.ts',
      name: 'a clock of the source that is an hour behind: the first sync, and a change after it',
    },
  },
  {
    invariant: 2,
    name: 'the seam between two pages is not looked at',
    file: 'source/paging/positional.ts',
    find: 'if (steps === 0 && beginsWith(reader, tail, back, answer.records.slice(seam - back))) {',
    replace: 'if (steps === 0) {',
    test: {
      file: 'test/invariants/02-no-lost-update.test.ts',
      name: 'updates on earlier pages, which pull the later records over the seam',
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
    name: 'an empty list is evidence',
    file: 'destination/plans/plans.ts',
    find: 'if (plan.scanned === 0 && plan.liveRows > 0) {',
    replace: 'if (plan.scanned < 0) {',
    test: {
      file: 'test/strategies/strategies.test.ts',
      name: 'an empty list with 200 deletes nothing and says why',
    },
  },
  {
    invariant: 3,
    name: 'the deletion guard forgets what was deleted before',
    file: 'destination/plans/plans.ts',
    find: 'const gone = plan.gone + plan.deletedLately;',
    replace: 'const gone = plan.gone;',
    test: {
      file: 'test/invariants/03-no-false-delete.test.ts',
      name: 'also what a run deleted that failed afterwards',
    },
  },
  {
    invariant: 4,
    name: 'whoever writes last wins',
    file: 'destination/rows/mergeRule.ts',
    find: '${rank(n)} > ${rank(c)}',
    replace: 'true',
    test: {
      file: 'test/invariants/04-no-stale-overwrite.test.ts',
      name: 'a page of a delta that was slow does not undo what a webhook wrote meanwhile',
    },
  },
  {
    invariant: 4,
    name: 'whoever asked last wins',
    file: 'destination/rows/mergeRule.ts',
    find: '${rank(n)} > ${rank(c)}',
    replace: '${n.sent} > ${c.sent}',
    test: { file: 'destination/rows/mergeRule.test.ts', name: 'a version of 2099, corrected later' },
  },
  {
    invariant: 4,
    name: 'disputes are not raised',
    file: 'destination/rows/mergeRule.ts',
    find: 'const disputes = `(${admitted} and',
    replace: 'const disputes = `(false and ${admitted} and',
    test: {
      file: 'test/invariants/04-no-stale-overwrite.test.ts',
      name: 'a version that went back for good is believed only to an answer that is asked for after the dispute',
    },
  },
  {
    invariant: 4,
    name: 'no line is drawn',
    file: 'destination/rows/mergeRule.ts',
    find: `(\${n.received} >= coalesce(\${rowWatermark}, '-infinity') and (`,
    replace: `(true or \${n.received} >= coalesce(\${rowWatermark}, '-infinity') and (`,
    test: {
      file: 'destination/rows/mergeRule.test.ts',
      name: 'nothing received before the entity’s line is written, not even a new row',
    },
  },
  {
    invariant: 4,
    name: 'a repeated deletion leaves the times of the first',
    file: 'destination/rows/softDelete.ts',
    find: '(j._disputes or j._wins)',
    replace: '(j._disputes or j._wins and j._confirming)',
    test: {
      file: 'destination/rows/mergeRule.test.ts',
      name: 'gone, created again and gone again, and a stale answer from in between',
    },
  },
  {
    invariant: 4,
    name: 'what is inserted first is not held against the line',
    file: 'destination/rows/upsertRows.ts',
    find: 'where n._received >= s.watermark_at',
    replace: 'where true',
    test: {
      file: 'destination/rows/upsertRows.test.ts',
      name: 'counts, rows and trace are the same, whatever was guessed',
    },
  },
  {
    invariant: 5,
    name: 'no fence',
    file: 'destination/runs/runParts.ts',
    find: 'where run_id = ? and step = ? and partition = ? and fence = ?\n      returning run_id)',
    replace: 'where run_id = ? and step = ? and partition = ? and fence >= ?\n      returning run_id)',
    test: {
      file: 'test/invariants/05-twice-is-once.test.ts',
      name: 'in a pull: the first one stops and writes nothing more',
    },
  },
  {
    invariant: 5,
    name: 'the fence is the number that Temporal gives the attempt',
    file: 'destination/runs/runParts.ts',
    find: '(p.attempt < excluded.attempt or p.attempt_at < excluded.attempt_at)',
    replace: 'p.attempt < excluded.attempt',
    test: { file: 'test/strategies/waits.test.ts', name: 'a run that waits goes on at once when an operator says so' },
  },
  {
    invariant: 5,
    name: 'an attempt that takes over writes with the fence of the one before',
    file: 'destination/runs/runParts.ts',
    find: 'fence = greatest(p.fence + 1, excluded.fence)',
    replace: 'fence = p.fence',
    test: {
      file: 'test/invariants/05-twice-is-once.test.ts',
      name: 'in a pull: the first one stops and writes nothing more',
    },
  },
  {
    invariant: 5,
    name: 'who reads at once is not fenced out by the ordinary pull',
    file: 'destination/runs/runParts.ts',
    find: 'values (?, ?, ?, 0) on conflict do nothing',
    replace: 'values (?, ?, ?, 0) on conflict (run_id, step, partition) do update set fence = 0',
    test: {
      file: 'test/strategies/atOnce.test.ts',
      name: 'an attempt thought dead writes nothing once the ordinary pull has begun',
    },
  },
  {
    invariant: 10,
    name: 'a workflow that is cancelled does not wait for its claim',
    file: 'workflows/activities.ts',
    find: 'ActivityCancellationType.WAIT_CANCELLATION_COMPLETED',
    replace: 'ActivityCancellationType.TRY_CANCEL',
    test: {
      file: 'test/strategies/atOnce.test.ts',
      name: 'cancelled while the source is asked: the run says so',
    },
  },
  {
    invariant: 5,
    name: 'a run that has ended can end again',
    file: 'destination/runs/runs.ts',
    find: `where r.id = :runId and r.status = 'running' for update`,
    replace: 'where r.id = :runId for update',
    test: {
      file: 'test/invariants/05-twice-is-once.test.ts',
      name: 'activities that are run again after they have done their work do it once',
    },
  },
  {
    invariant: 6,
    name: 'the cursor moves backwards',
    file: 'destination/runs/cursors.ts',
    find: 'and (p.next_token is not null or k.at < p.next_at)',
    replace: '',
    test: {
      file: 'test/invariants/06-cursor.test.ts',
      name: 'a source whose clock is set back does not pull it back',
    },
  },
  {
    invariant: 6,
    name: 'the cursor is set without comparing',
    file: 'destination/runs/cursors.ts',
    find: 'and k.at is not distinct from p.found_at and',
    replace: 'and',
    test: {
      file: 'test/invariants/06-cursor.test.ts',
      name: 'moved by somebody else meanwhile, it stays where they put it',
    },
  },
  {
    invariant: 6,
    name: 'the cursor is rounded up on its way to the source',
    file: 'source/reading/cursorForm.ts',
    find: 'Math.floor(earliest / tick)',
    replace: 'Math.ceil(earliest / tick)',
    test: {
      file: 'test/invariants/06-cursor.test.ts',
      name: 'goes back to the API as the API writes its timestamps, not a moment later',
    },
  },
  {
    invariant: 7,
    name: 'any answer ends an event',
    file: 'destination/inbox/inbox.ts',
    find: `and opened_at < timestamptz 'epoch' + ? * interval '1 millisecond'`,
    replace: `and ?::float8 is not null`,
    test: {
      file: 'test/invariants/07-acknowledged.test.ts',
      name: 'an event is done only by an answer that was asked for after it came',
    },
  },
  {
    invariant: 7,
    name: 'events are acknowledged before they are on disk',
    file: 'destination/inbox/inbox.ts',
    find: `when 'off' then 'on' else`,
    replace: `when 'on' then 'off' else`,
    test: {
      file: 'destination/inbox/inbox.test.ts',
      name: 'the commit waits for the disk, whatever the database’s default is',
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
    invariant: 8,
    name: 'a record that PostgreSQL refuses takes its batch with it',
    file: 'destination/rows/eachThatFits.ts',
    find: 'if (items.length === 1 && items[0] !== undefined) return refused(items[0], error);',
    replace: 'throw error;',
    test: {
      file: 'test/invariants/08-bad-record.test.ts',
      name: 'are set aside with payload, reason and run, and all others of their batch land',
    },
  },
  {
    invariant: 9,
    name: 'a batch returns the ids that it fetched',
    file: 'activities/records.ts',
    find: 'total.fetches += fetched.fetches;',
    replace: 'total.fetches += fetched.fetches; Object.assign(total, { [total.fetches]: fetched.live });',
    test: {
      file: 'test/invariants/09-flat-histories.test.ts',
      name: 'and histories of the same size, but for the digits of counts',
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
    invariant: 10,
    name: 'nobody looks after runs whose lease has expired',
    file: 'destination/runs/runs.ts',
    find: `where status = 'running' and lease_until < clock_timestamp()`,
    replace: `where status = 'running' and lease_until < '-infinity'`,
    test: { file: 'test/invariants/10-status.test.ts', name: '… or as soon as the sweep comes by' },
  },
  {
    invariant: 10,
    name: 'two runs at a time',
    file: 'schema/migrations/0001_engine_tables.ts',
    find: 'create unique index runs_one_running',
    replace: 'create index runs_one_running',
    test: {
      file: 'test/invariants/10-status.test.ts',
      name: 'ten at once: one runs, nine end as already running',
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
    invariant: 1,
    name: 'a number of more digits than a double holds is rounded',
    file: 'schema/exactJson.ts',
    find: 'return isHeldByNumber(literal) ? literal : `"${literal}"`;',
    replace: 'return literal;',
    test: {
      file: 'source/wire/parse.test.ts',
      name: 'numbers that no double holds come out as text of their digits, all others as numbers',
    },
  },
  {
    invariant: 8,
    name: 'a record nested too deep is read',
    file: 'source/wire/scan.ts',
    find: 'this.recordMarks |= marks.deep;',
    replace: '',
    test: {
      file: 'source/wire/parse.test.ts',
      name: 'a record nested 60,000 levels deep cannot be read, wherever it is, and the others can',
    },
  },
  {
    invariant: 8,
    name: 'the records of a page are not bounded',
    file: 'source/wire/scan.ts',
    find: 'if (this.count >= bounds.records) {',
    replace: 'if (this.count < 0) {',
    test: {
      file: 'source/wire/parse.test.ts',
      name: 'more %s than the limit are refused before anything is parsed',
    },
  },
  {
    invariant: 8,
    name: 'the values of a response are not bounded',
    file: 'source/wire/scan.ts',
    find: 'if (this.values > bounds.values) {',
    replace: 'if (this.values < 0) {',
    test: {
      file: 'source/wire/parse.test.ts',
      name: 'more %s than the limit are refused before anything is parsed',
    },
  },
  {
    invariant: 11,
    name: 'old records among changes are taken',
    file: 'source/reading/otherClock.ts',
    find: 'if (older * 2 <= readable) return 0;',
    replace: 'if (older >= 0) return 0;',
    test: {
      file: 'test/invariants/11-filter.test.ts',
      name: 'one that lets everything through is noticed on the first page, of which nothing is written',
    },
  },
  {
    invariant: 11,
    name: 'only a page of nothing but old records is refused',
    file: 'source/reading/otherClock.ts',
    find: 'if (older * 2 <= readable) return 0;',
    replace: 'if (older < readable) return 0;',
    test: {
      file: 'source/changes.test.ts',
      name: 'a filter that does not filter is caught before anything is handed out: %s',
    },
  },
  {
    invariant: 12,
    name: 'a list that is cut short has ended',
    file: 'source/paging/tally.ts',
    find: 'if (leastTotal !== null && came < leastTotal) {',
    replace: 'if (leastTotal !== null && came < 0) {',
    test: { file: 'source/paging/paging.test.ts', name: 'a list that is %s' },
  },
  {
    invariant: 12,
    name: 'a list may go round in a circle',
    file: 'source/paging/cycle.ts',
    find: 'if (hash === this.state.mark) return true;',
    replace: '',
    test: {
      file: 'source/paging/paging.test.ts',
      name: 'a circle is also found when every page is read by another attempt',
    },
  },
  {
    invariant: 12,
    name: 'a total that contradicts the pages is taken',
    file: 'source/paging/positional.ts',
    find: 'if (contradictory(answer, reached, more)) {',
    replace: 'if (came < 0) {',
    test: { file: 'test/invariants/03-no-false-delete.test.ts', name: 'a scan %s deletes nothing' },
  },
  {
    invariant: 13,
    name: 'a wait that the source asks for is kept to oneself',
    file: 'source/wire/send.ts',
    find: 'await sender.budget.block(inVain ? waitInVainMs : milliseconds, because);',
    replace: '',
    test: {
      file: 'test/invariants/13-wait.test.ts',
      name: 'for a second: nobody asks it anything meanwhile, and the attempt goes on',
    },
  },
  {
    invariant: 13,
    name: 'a shorter wait lifts a longer one',
    file: 'destination/budget/budget.ts',
    find: 'greatest(b.blocked_until, excluded.blocked_until)',
    replace: 'excluded.blocked_until',
    test: { file: 'destination/budget/budget.test.ts', name: 'is obeyed by everyone: limit %p' },
  },
  {
    invariant: 13,
    name: 'each process has a budget of its own',
    file: 'destination/budget/takeRequest.ts',
    find: 'select ends, granted from slices\n      union all\n',
    replace: '',
    test: {
      file: 'destination/budget/budget.test.ts',
      name: 'processes that hammer it together never get more than the limit in any window',
    },
  },
  {
    invariant: 14,
    name: 'secrets are not bound to their connection',
    file: 'destination/connections/secrets.ts',
    find: 'tidemark.secrets\\0${connectionId}',
    replace: 'tidemark.secrets',
    test: {
      file: 'destination/connections/secrets.test.ts',
      name: 'sealed secrets that were changed, or moved to another connection, do not open',
    },
  },
  {
    invariant: 14,
    name: 'secrets stay in the words of an error',
    file: 'source/wire/report.ts',
    find: '(pattern ? text.replace(pattern, blot) : text)',
    replace: 'text',
    test: {
      file: 'test/invariants/14-secrets.test.ts',
      name: 'nor histories and workflow ids',
    },
  },
  {
    invariant: 12,
    name: 'a list that is interrupted twice goes on from the first interruption',
    file: 'source/paging/tally.ts',
    find: 'resume ? ownPart(resume) : undefined',
    replace: 'resume ? { ...resume } : undefined',
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'a list by token whose first sync is interrupted twice',
    },
  },
  {
    invariant: 3,
    name: 'a plan that waits is applied by whoever starts the workflow',
    file: 'destination/plans/planRights.ts',
    find: "p.status = 'approved' and p.applied_by = r.id)",
    replace: "p.status <> 'open')",
    test: {
      file: 'test/hostile/handStarted.test.ts',
      name: 'applyPlan started by hand deletes nothing by a plan that waits',
    },
  },
  {
    invariant: 3,
    name: 'the verdict of the deletion guard is only told to the workflow',
    file: 'destination/plans/planRights.ts',
    find: 'p.run_id = r.id and p.reason is null or',
    replace: 'p.run_id = r.id or',
    test: {
      file: 'test/hostile/handStarted.test.ts',
      name: 'a reconciliation cannot confirm deletions above the guard by leaving out the verdict',
    },
  },
  {
    invariant: 6,
    name: 'a delta moves the cursor before it has read everything',
    file: 'activities/ownRun.ts',
    find: 'if (done && parts === partitions.length) return;',
    replace: 'if (parts <= partitions.length) return;',
    test: {
      file: 'test/hostile/handStarted.test.ts',
      name: 'a delta cannot be ended before it has read everything, nor read from a later instant than its cursor',
    },
  },
  {
    invariant: 14,
    name: 'a stored secret goes wherever the base URL leads',
    file: 'clients/operations/connections/addressRule.ts',
    find: 'if (from === undefined || from === to) return [];',
    replace: 'if (from !== undefined || from === to) return [];',
    test: {
      file: 'clients/operations/connections/addressRule.test.ts',
      name: 'a stored secret is not sent to %s unless it is given again',
    },
  },
  {
    invariant: 12,
    name: 'a first page that names no other ends the list',
    file: 'source/paging/chain.ts',
    find: `if (!chain.sizable) return ended('absence');`,
    replace: `if (chain.sizable) return ended('sign');`,
    test: {
      file: 'source/paging/ends.test.ts',
      name: '%s: is no end, however long the list is',
    },
  },
  {
    invariant: 12,
    name: 'a refused page ends the list, however deep it is',
    file: 'source/paging/positional.ts',
    find: 'if (answer.refused && !across) await',
    replace: 'if (answer.refused && across && false) await',
    test: {
      file: 'source/paging/ends.test.ts',
      name: 'is no end where the source refuses to be read any deeper',
    },
  },
  {
    invariant: 13,
    name: 'a 403 of a used-up quota is no wait',
    file: 'source/wire/quota.ts',
    find: '[403, 429, 503]',
    replace: '[429, 503]',
    test: {
      file: 'source/wire/quota.test.ts',
      name: 'a used-up quota is a wait for all, and no evidence that a record is gone even where 403 means gone',
    },
  },
  {
    invariant: 1,
    name: 'what a double cannot hold is rounded on the way into the table',
    file: 'schema/exactJson.ts',
    find: 'return isHeldByNumber(literal) ? literal : `"${literal}"`;',
    replace: 'return literal;',
    test: { file: 'test/zoo/counterexamples.test.ts', name: 'decimals of more digits than a double holds' },
  },
  {
    invariant: 1,
    name: 'every charset of one byte is read as ISO 8859-1',
    file: 'source/wire/charset.ts',
    find: 'decode(plain, name, { stripBOM: false })',
    replace: "plain.toString('latin1')",
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'a body in Windows-1252 with letters that ISO 8859-1 lacks',
    },
  },
];
