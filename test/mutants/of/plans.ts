// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

/** Mutants of destination/plans. */
export const plans: readonly Mutant[] = [
  {
    invariant: 3,
    name: 'an empty list of related records is believed',
    file: 'destination/rows/related/composeRelated.ts',
    find: 'fewerThan(held, part.json);',
    replace: 'fewerThan(held, held);',
    test: { file: 'test/related/fewer.test.ts', name: 'a full sync keeps every number, and a plan waits that says so' },
  },
  {
    invariant: 1,
    name: 'related records that differ are not owed',
    file: 'destination/plans/diffRelated.ts',
    find: 'where h.digest is distinct from l.digest',
    replace: 'where h.digest is distinct from l.digest and false',
    test: {
      file: 'test/related/relatedIds.test.ts',
      name: 'a contact that moved is taken from one customer and given to the other',
    },
  },
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
    find: '`c.deleted_at is null and',
    replace: '`c.deleted_at is not null and',
    test: {
      file: 'test/strategies/strategies.test.ts',
      name: 'a deleted record is soft-deleted after the source confirmed it; everything else stays',
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
    invariant: 3,
    name: 'rows that the source never showed count as absent from it',
    file: 'destination/plans/diffScan.ts',
    find: `c.deleted_at is null and c._origin = 'source' and`,
    replace: 'c.deleted_at is null and',
    test: {
      file: 'test/invariants/03-coverage.test.ts',
      name: 'rows that were imported, and rows of a user, are never deleted by absence: %s',
    },
  },
  {
    invariant: 3,
    name: 'absence counts outside of the range that a list shows',
    file: 'destination/plans/diffScan.ts',
    find: ' and ${insideSql(entity, horizon)}`;',
    replace: '`;',
    test: {
      file: 'test/invariants/03-coverage.test.ts',
      name: 'deletes nothing that has left the range, nor what lies at its edge or in today',
    },
  },
  {
    invariant: 3,
    name: 'a partition that lists nothing is evidence',
    file: 'destination/plans/heldPlans.ts',
    find: 'if (staged === 0 && !confirmed) {',
    replace: 'if (staged < 0) {',
    test: {
      file: 'test/invariants/03-coverage.test.ts',
      name: 'keeps its rows, in a plan of its own, while the others are compared',
    },
  },
  {
    invariant: 3,
    name: 'the deletion guard looks at the whole only',
    file: 'destination/plans/heldPlans.ts',
    find: 'if (liveRows < guardedFrom) return null;',
    replace: 'if (liveRows >= 0) return null;',
    test: {
      file: 'test/invariants/03-coverage.test.ts',
      name: 'is not hidden by the size of the others: the deletion guard looks at each',
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
    invariant: 1,
    name: 'what is set aside stays so although the source has deleted it',
    file: 'destination/plans/clearUnlisted.ts',
    find: 'if (open.length === 0 ||',
    replace: 'if (open.length >= 0 ||',
    test: {
      file: 'test/strategies/unjudged.test.ts',
      name: 'a record that was set aside and that the source then deleted is not counted for good: the next reconciliation clears it',
    },
  },
  {
    invariant: 1,
    name: 'a partition that lists nothing shows that what is set aside is gone',
    file: 'activities/reconciliation/finish.ts',
    find: '.some((ids) => !(ids > 0))) return;',
    replace: '.some(() => false)) return;',
    test: {
      file: 'test/invariants/03-coverage.test.ts',
      name: 'a partition that lists nothing does not show that a record of it, which is set aside, is gone',
    },
  },
  {
    invariant: 1,
    name: 'a list of ids without versions makes every row stale',
    file: 'destination/plans/diffScan.ts',
    find: ' || entity.listings.ids?.presenceOnly',
    replace: '',
    test: {
      file: 'test/strategies/presenceOnly.test.ts',
      name: 'records %s: what is missing is fetched, what is gone is deleted, and the proof does not speak of contents',
    },
  },
  {
    invariant: 2,
    name: 'a list of ids without versions raises the watermark',
    file: 'activities/reconciliation/finish.ts',
    find: 'coversAll(coverage) && !presenceOnly ?',
    replace: 'coversAll(coverage) ?',
    test: {
      file: 'test/strategies/presenceOnly.test.ts',
      name: 'records %s: what is missing is fetched, what is gone is deleted, and the proof does not speak of contents',
    },
  },
];
