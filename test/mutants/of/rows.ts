// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

/** Mutants of destination/rows. */
export const rows: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'a row that is excluded by another is written as live',
    file: 'destination/rows/upsertRows.ts',
    find: 'deleted_at = case when j._excluded then t.deleted_at end',
    replace: 'deleted_at = null',
    test: {
      file: 'test/excluded/excluded.test.ts',
      name: 'what changed of a lead while it was excluded is there when it comes back',
    },
  },
  {
    invariant: 3,
    name: 'an exclusion that ends brings back what the source no longer has',
    file: 'destination/rows/exclusion/settleExclusions.ts',
    find: 'c.deleted_at is null or exists (',
    replace: 'true or exists (',
    test: {
      file: 'test/excluded/excluded.test.ts',
      name: 'a lead that is gone while it was excluded does not come back',
    },
  },
  {
    invariant: 1,
    name: 'rows of other connections exclude',
    file: 'destination/rows/exclusion/excludedSql.ts',
    find: "? [] : [`${connectionOf(by, 'o')} = ${connection}`]",
    replace: '? [] : []',
    test: {
      file: 'test/excluded/excluded.test.ts',
      name: 'a report of another kind, or without a phone number, excludes nothing, and neither does one of another connection',
    },
  },
  {
    invariant: 3,
    name: 'rows that others exclude are deleted without the guard',
    file: 'activities/records/leftOut.ts',
    find: 'if (wait === null) await deleteAll',
    replace: 'if (wait !== undefined) await deleteAll',
    test: {
      file: 'test/excluded/excluded.test.ts',
      name: 'wait as a plan; approved, they are deleted, and what has ended since then stays',
    },
  },
  {
    invariant: 4,
    name: 'an older answer that leaves a record out counts',
    file: 'destination/rows/markSkipped.ts',
    find: 't.external_id = j._id and j._wins',
    replace: 't.external_id = j._id',
    test: { file: 'test/strategies/leftOut.test.ts', name: 'of two answers, %s' },
  },
  {
    invariant: 1,
    name: 'what was left out is taken for gone',
    file: 'destination/rows/leftOut.ts',
    find: "'(c.deleted_at is not null and c._left_out is null)'",
    replace: "'(c.deleted_at is not null)'",
    test: {
      file: 'test/strategies/leftOut.test.ts',
      name: 'where every run lists everything and nothing can be fetched by id, too',
    },
  },
  {
    invariant: 1,
    name: 'a later answer leaves the mark that its record is left out',
    file: 'destination/rows/upsertRows.ts',
    find: `_left_out = case when j._excluded then 'excluded' end, _version`,
    replace: '_version',
    test: {
      file: 'test/strategies/leftOut.test.ts',
      name: 'by %s, and is live again once its record is let through',
    },
  },
  {
    invariant: 1,
    name: 'related records bring nothing back that was left out',
    file: 'destination/rows/related/knownRows.ts',
    find: 'deleted_at is null or _left_out is not null',
    replace: 'deleted_at is null',
    test: {
      file: 'test/related/leftOut.test.ts',
      name: 'related records read later than the skip bring the row back, also where only what is owed is read',
    },
  },
  {
    invariant: 3,
    name: 'the guard forgets rows that records fetched one by one have left out',
    file: 'activities/records/leftOut.ts',
    find: ' + (await leftOutLately(db, target.connectionId, entity))',
    replace: '',
    test: {
      file: 'test/strategies/leftOut.test.ts',
      name: 'records fetched one by one stay too, once the guard is exceeded: the next run has them wait',
    },
  },
  {
    invariant: 3,
    name: 'no guard looks at rows whose record is left out',
    file: 'activities/records/leftOut.ts',
    find: 'if (wait === null) await deleteAll',
    replace: 'if (gone > 0) await deleteAll',
    test: { file: 'test/strategies/leftOut.test.ts', name: 'deletes nothing by %s: one plan waits' },
  },
  {
    invariant: 1,
    name: 'a record that was left out is never fetched again',
    file: 'destination/plans/diffScan.ts',
    find: "'a.version is not distinct from s.version'",
    replace: "'true'",
    test: {
      file: 'test/strategies/leftOut.test.ts',
      name: 'a later version that no delta shows is fetched by the next reconciliation, which leaves the same version alone',
    },
  },
  {
    invariant: 2,
    name: 'a record whose related records could not be read is not owed',
    file: 'destination/rows/related/composeRelated.ts',
    find: 'if (best === undefined) return { stays: held, owed: true };',
    replace: 'if (best === undefined) return { stays: held, owed: false };',
    test: {
      file: 'test/related/related.test.ts',
      name: 'a known customer is updated with the contacts that its row has, and is owed; the next sweep asks again',
    },
  },
  {
    invariant: 4,
    name: 'of two readings of related records the older stays',
    file: 'destination/rows/related/relatedRule.ts',
    find: 'const later = incoming.sent > held.sent',
    replace: 'const later = incoming.sent < held.sent',
    test: {
      file: 'destination/rows/related/relatedRuleModel.test.ts',
      name: 'as an answer of its own it never does, in whichever order the two are written',
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
    invariant: 3,
    name: 'a row does not move with its record',
    file: 'destination/rows/upsertRows.ts',
    find: '(j._confirming and j._thorough or j._moved)',
    replace: 'j._confirming and j._thorough',
    test: {
      file: 'destination/rows/partitionOfRow.test.ts',
      name: 'a row whose partition alone changed moves, and counts as unchanged',
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
    invariant: 3,
    name: 'a row is renamed for whichever of two records comes first',
    file: 'destination/rows/keys/renameRows.ts',
    find: 'others.length > 0 || ambiguous.has(id) ? []',
    replace: 'ambiguous.has(id) ? []',
    test: {
      file: 'destination/rows/keys/renameRows.test.ts',
      name: 'two records that lay claim to one row are both new',
    },
  },
  {
    invariant: 1,
    name: 'what an earlier page has listed is forgotten by the next',
    file: 'destination/rows/keys/listedKeys.ts',
    find: `first: 'do nothing',`,
    replace: `first: 'do update set version = excluded.version',`,
    test: {
      file: 'destination/rows/keys/listedKeys.test.ts',
      name: 'first: within a page, across pages and across batches, run after run the same',
    },
  },
  {
    invariant: 4,
    name: 'of what one response says of a record again and again only the first counts',
    file: 'destination/rows/repeats.ts',
    find: 'const top = places.reduce((best, at) => (higher(at, best) ? at : best), first);',
    replace: 'const top = places.reduce((best, at) => (higher(best, at) ? at : best), first);',
    test: {
      file: 'destination/rows/repeats.test.ts',
      name: 'a response that shows a record again and again ends as if each were written by itself',
    },
  },
  {
    invariant: 4,
    name: 'a response that contradicts itself again and again is not doubted',
    file: 'destination/rows/writeAnswers.ts',
    find: 'raiseDisputes(trx, context, shown.contradicted)',
    replace: 'raiseDisputes(trx, context, [])',
    test: {
      file: 'destination/rows/repeats.test.ts',
      name: 'a response that shows 20,000 times %s of one record takes a few statements',
    },
  },
];
