import { Context } from '@temporalio/activity';
import { knownPlan } from '../../destination/plans/decidePlan';
import { explainDifferences } from '../../destination/plans/differenceCauses';
import { closeListed, diffScan, keepListed, knownLiveIds } from '../../destination/plans/diffScan';
import {
  closeItems,
  createPlan,
  deletedLately,
  getPlan,
  markApplied,
  openItems,
  recordDifferences,
  settlePlan,
  whyWait,
} from '../../destination/plans/plans';
import { countStaged, dropStaging, stagingTable } from '../../destination/plans/staging';
import { countDisputed } from '../../destination/rows/disputes';
import { countLive } from '../../destination/rows/liveIds';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { getCursor, raiseWatermark } from '../../destination/runs/entities';
import { sumParts } from '../../destination/runs/runParts';
import { endRun } from '../../destination/runs/runs';
import { clearKeyless } from '../../destination/setAside/clearKeyless';
import { noCounts } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import type { ApplyPlanResult, ReconciliationResult, Target } from '../../schema/workflows';
import { runResult } from '../delta/endDelta';
import type { ActivityDeps } from '../deps';
import { fetchRecords } from '../fetchRecords';
import { alive, startLiveness } from '../liveness';
import { runEnded } from '../metrics';
import type { TargetOpener } from '../openTarget';
import { type OpenTarget, writeContext } from '../openTarget';
import { judge, judgeAbsent, whyDoubt } from './judgePlan';
import { proposeLookback } from './proposeLookback';

export interface PlanInput extends Target {
  readonly runId: string;
  readonly planId: string;
}

export interface DrawPlanInput extends Target {
  readonly runId: string;
  readonly dryRun: boolean;
  /** `ids`: rows are compared by version; `all`: the scan has written the rows itself */
  readonly listing: 'ids' | 'all';
}

export interface FinishInput extends PlanInput {
  readonly dryRun: boolean;
  readonly wait: string | null;
  readonly scanned: number;
  readonly missing: number;
  readonly stale: number;
  readonly gone: number;
  readonly unlisted: number;
}

export interface DrawnPlan {
  /** `rescan`: the staging table does not hold what its manifest says, as after a crash of PostgreSQL */
  readonly outcome: 'drawn' | 'rescan';
  readonly planId: string | null;
  readonly scanned: number;
  readonly missing: number;
  readonly stale: number;
  /** not listed: rows that may be deleted once the source confirms it, and those received so lately that they are only asked for */
  readonly gone: number;
  readonly unlisted: number;
  /** so much is missing, stale or disputed that one full listing takes fewer requests than asking for each */
  readonly byListing: boolean;
  /** why the deletions must wait for an operator; null when they may be confirmed and applied */
  readonly wait: string | null;
}

/** So many ids are asked and written together. */
const chunk = 50;

/** From a complete scan to the soft deletes: difference, guard, confirmation. */
export function planActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db, clock, metrics } = deps;

  /** The absence that a complete scan shows counts only for rows last received before this. */
  const receivedBefore = async (planId: string, readLagMs: number) => {
    const plan = await getPlan(db, planId);
    if (!plan)
      throw new TidemarkError('NotFound', `There is no plan ${planId}: it was pruned, or its connection removed`);
    return plan.scanStarted.getTime() - readLagMs;
  };

  return {
    /** Draws the set difference between the scan and the table, and judges it by the deletion guard. */
    drawPlan: (input: DrawPlanInput): Promise<DrawnPlan> => alive(() => drawPlan(input)),

    /**
     * Asks `one` for every row that the scan did not list, and soft-deletes those that are gone. First, an id that the
     * scan did list must answer live: a token of the wrong tenant makes everything look gone.
     * Returns why nothing may be deleted, or null.
     */
    async confirmGone(input: PlanInput): Promise<string | null> {
      const open = await openTarget(input, 'reconciliation');
      const signal = Context.current().cancellationSignal;
      const plan = await knownPlan(db, input.planId);
      const known = await knownLiveIds(db, { ...input, entity: open.entity }, 3);
      const doubt = await whyDoubt(deps, open, known, plan.status === 'approved', signal);
      if (doubt !== null) return doubt;
      const before = await receivedBefore(input.planId, open.readLagMs);
      const liveness = startLiveness();
      let asked = 0;
      const ask = async (ids: readonly string[], receivedBefore?: number) => {
        await fetchRecords(deps, open, ids, {
          runId: input.runId,
          writtenBy: `run ${input.runId}`,
          signal,
          ...(receivedBefore === undefined ? {} : { receivedBefore }),
          onProgress: () => liveness.progress({ asked: ++asked }),
          alongside: (trx, fetched) => closeItems(trx, input.planId, judge(ids, fetched)),
        });
      };
      try {
        // Absence and a 404 delete what was received before the scan; a 404 alone, like after a webhook, what came later.
        await eachChunk(
          () => openItems(db, input.planId, ['gone'], chunk),
          (ids) => ask(ids, before),
        );
        await eachChunk(
          () => openItems(db, input.planId, ['unlisted'], chunk),
          (ids) => ask(ids),
        );
        return null;
      } finally {
        liveness.stop();
      }
    },

    /** Closes what a full listing has shown of a plan's missing and stale records; says how many are left. */
    closeListed: async ({ runId, planId }: { runId: string; planId: string }): Promise<number> =>
      alive(() => db.transaction((trx) => closeListed(trx, planId, runId))),

    /** Where the API has no `one`: soft-deletes the rows that two complete scans did not list. */
    async deleteUnlisted(input: PlanInput): Promise<'done' | 'rescan'> {
      const open = await openTarget(input, 'reconciliation');
      const { runId, planId } = input;
      const second = await sumParts(db, runId, 'second-scan');
      if (
        !second.done ||
        second.firstSent === null ||
        (await countStaged(db, stagingTable(runId, 'second-scan'))) !== second.staged
      )
        return 'rescan';
      await db.transaction((trx) => keepListed(trx, planId, runId));
      const secondSent = second.firstSent;
      const before = await receivedBefore(planId, open.readLagMs);
      const context = writeContext(open, `run ${runId}`, true);
      const liveness = startLiveness();
      try {
        await eachChunk(
          () => openItems(db, planId, ['gone'], 1000),
          async (ids) => {
            const gone = ids.map((id) => ({ id, version: null }));
            const absent = { sent: secondSent, received: clock.received(), live: [], setAside: [], gone };
            const { counts } = await writeAnswers(db, context, [absent], {
              runId,
              receivedBefore: before,
              alongside: (trx, _counts, deleted) => closeItems(trx, planId, judgeAbsent(ids, deleted)),
            });
            metrics.rows(input, counts);
            liveness.progress({ deleted: ids.length });
          },
        );
        return 'done';
      } finally {
        liveness.stop();
      }
    },

    /** Ends the run that applied an approved plan. */
    async finishPlan({
      runId,
      planId,
      reason,
      ...target
    }: PlanInput & { reason: string | null }): Promise<ApplyPlanResult> {
      await markApplied(db, planId, runId, reason);
      const { deleted } = await knownPlan(db, planId);
      const run = await endRun(db, runId, {
        status: reason === null ? 'succeeded' : 'waiting',
        details: { planId, deleted, reason },
      });
      runEnded(deps, run);
      await dropStaging(db, stagingTable(runId, 'second-scan'));
      const outcome = reason === null ? ('succeeded' as const) : ('waiting' as const);
      return { ...target, outcome, runId, planId, deleted, reason, counts: { ...noCounts, ...run.counts } };
    },

    /** Ends a reconciliation: the plan, the entity's line and proof, the run; and drops what it staged. */
    finishReconciliation: (input: FinishInput): Promise<ReconciliationResult> => alive(() => finish(input)),
  };

  async function drawPlan(input: DrawPlanInput): Promise<DrawnPlan> {
    const { entity, readLagMs } = await openTarget(input, 'reconciliation');
    const { runId, connectionId } = input;
    const scan = await sumParts(db, runId, 'scan');
    if (!scan.done || scan.firstSent === null) {
      throw new TidemarkError(
        'ContractBroken',
        `Run ${runId}: the scan of ${connectionId}/${input.entity} is not complete; nothing may be concluded from it`,
      );
    }
    const rescan = {
      outcome: 'rescan' as const,
      planId: null,
      scanned: 0,
      missing: 0,
      stale: 0,
      gone: 0,
      unlisted: 0,
      byListing: false,
      wait: null,
    };
    const [staged, liveRows] = await Promise.all([
      countStaged(db, stagingTable(runId, 'scan')),
      countLive(db, connectionId, entity),
    ]);
    if (staged !== scan.staged) return rescan;
    const scanStarted = scan.firstSent;
    const drawn = await db.transaction(async (trx) => {
      const planId = await createPlan(trx, { ...input, runId, scanStarted, liveRows });
      const versions = input.listing === 'ids' || input.dryRun;
      const found = await diffScan(trx, { runId, planId, connectionId, entity, scanStarted, readLagMs, versions });
      await recordDifferences(trx, planId, found);
      return { planId, ...found };
    });
    const wait = whyWait(entity.deletionGuard, {
      liveRows,
      gone: drawn.gone + drawn.unlisted,
      scanned: scan.staged,
      deletedLately: await deletedLately(db, input),
    });
    if (input.dryRun) await settlePlan(db, drawn.planId, 'dry', wait);
    const toFetch =
      input.listing === 'ids' ? drawn.missing + drawn.stale : await countDisputed(db, connectionId, entity);
    return {
      outcome: 'drawn',
      scanned: scan.staged,
      wait,
      byListing: listsInstead(entity, toFetch, scan.staged),
      ...drawn,
    };
  }

  async function finish(input: FinishInput): Promise<ReconciliationResult> {
    const { entity, readLagMs } = await openTarget(input, 'reconciliation');
    const { runId, planId, wait, scanned, missing, stale, gone, unlisted } = input;
    const waiting = wait !== null && !input.dryRun;
    const { counts: causes, latestMs } = input.dryRun
      ? { counts: {}, latestMs: null }
      : await explainDifferences(db, { planId, connectionId: input.connectionId, entity });
    const proposedLookback = proposeLookback(latestMs, entity.lookback);
    if (!input.dryRun) await settlePlan(db, planId, waiting ? 'waiting' : 'applied', wait);
    const plan = await getPlan(db, planId);
    const deleted = plan?.deleted ?? 0;
    if (!input.dryRun && !waiting && plan) {
      const started = plan.scanStarted.getTime();
      await raiseWatermark(db, input, {
        line: started - readLagMs,
        provedAt: started,
        differences: missing + stale + deleted,
      });
    }
    const found = { planId, scanned, missing, stale, gone, unlisted, deleted, reason: wait, causes, proposedLookback };
    const run = await endRun(db, runId, { status: waiting ? 'waiting' : 'succeeded', details: found });
    if (!input.dryRun) await clearKeyless(db, runId, !(entity.listings.one && entity.listings.ids));
    runEnded(deps, run);
    for (const step of ['scan', 'second-scan', 'full-listing']) await dropStaging(db, stagingTable(runId, step));
    const cursor = await getCursor(db, input);
    return { ...runResult(run, waiting ? 'waiting' : 'succeeded', cursor), dryRun: input.dryRun, ...found };
  }
}

/** A full listing is worth it from so many records on, and where each of its pages replaces two requests or more. */
const listingFrom = 200;

function listsInstead({ listings }: OpenTarget['entity'], toFetch: number, scanned: number): boolean {
  const { paging } = listings.all;
  const pages = paging.scheme === 'none' ? 1 : Math.ceil(scanned / (paging.pageSize ?? 100));
  return listings.one !== undefined && toFetch >= listingFrom && toFetch > 2 * pages;
}

/** Works through what `next` gives until it gives nothing more; each piece of work makes its part disappear from it. */
async function eachChunk(next: () => Promise<string[]>, work: (ids: string[]) => Promise<void>): Promise<void> {
  for (let ids = await next(); ids.length > 0; ids = await next()) await work(ids);
}
