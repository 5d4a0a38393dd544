import { Context } from '@temporalio/activity';
import { countOwed } from '../../destination/owed/owed';
import { clearUnlisted } from '../../destination/plans/clearUnlisted';
import { coversAll } from '../../destination/plans/coverage';
import { knownPlan } from '../../destination/plans/decidePlan';
import { explainDifferences } from '../../destination/plans/differenceCauses';
import { relatedStaging } from '../../destination/plans/diffRelated';
import { assertApplies, assertSettled } from '../../destination/plans/planRights';
import { coverageOfPlan, getPlan, markApplied, settlePlan } from '../../destination/plans/plans';
import { dropStaging, stagingTable } from '../../destination/plans/staging';
import { countUnlisted } from '../../destination/plans/unjudged';
import { countStillSkipped, countUnwritten } from '../../destination/plans/unwritten';
import { countEdited, countLeftOut } from '../../destination/rows/deleteLeftOut';
import { getCursor } from '../../destination/runs/cursors';
import { raiseWatermark, type Unjudged } from '../../destination/runs/entities';
import { settleOwed } from '../../destination/runs/owed';
import { stagedByPartition, sumParts } from '../../destination/runs/runParts';
import { endRun } from '../../destination/runs/runs';
import { deletionsKnown } from '../../destination/runs/tokens';
import { settleUnread } from '../../destination/runs/unreadParts';
import { clearKeyless } from '../../destination/setAside/clearKeyless';
import { setAsideCounts } from '../../destination/setAside/setAsideEntries';
import { noCounts } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { heldBackMs } from '../../schema/definition/listings/listing';
import type { ApplyPlanResult, ReconciliationResult } from '../../schema/workflows';
import { alive } from '../attempt/liveness';
import { assertAsClaimed, ownRun } from '../attempt/ownRun';
import { runResult } from '../delta/endDelta';
import type { ActivityDeps } from '../deps';
import { runEnded } from '../metrics';
import type { TargetOpener } from '../openTarget';
import { judgeFewer } from '../records/fewer';
import { judgeLeftOut } from '../records/leftOut';
import type { PlanInput } from './confirmDeletions';
import { proposeLookback } from './proposeLookback';
import { comparedRelated } from './scanRelated';

export interface FinishInput extends PlanInput {
  readonly dryRun: boolean;
  readonly wait: string | null;
  readonly scanned: number;
  readonly missing: number;
  readonly stale: number;
  readonly gone: number;
  readonly unlisted: number;
  /** plans of single partitions that wait by themselves; workflows of before know no such field */
  readonly held?: readonly string[];
}

/** Ends reconciliations, and the runs that apply an approved plan. */
export function finishActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /** Ends the run that applied an approved plan. */
    async finishPlan({
      runId,
      planId,
      reason,
      ...target
    }: PlanInput & { reason: string | null }): Promise<ApplyPlanResult> {
      await ownRun(db, { ...target, runId }, ['reconciliation']);
      await assertApplies(db, { ...target, runId, planId }, reason);
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

    /** Ends a reconciliation: the plan, the entity's watermark and proof, the run; and drops what it staged. */
    finishReconciliation: (input: FinishInput): Promise<ReconciliationResult> => alive(() => finish(input)),
  };

  /** What the proof is qualified by, by reason; none that is 0. */
  async function unjudgedOf(
    input: FinishInput,
    of: ConnectorEntity,
    notCompared: { readonly related: number; readonly contents: number },
  ): Promise<Unjudged> {
    const { runId, planId, connectionId, entity } = input;
    const open = (await setAsideCounts(db, connectionId)).filter((one) => one.entity === entity);
    const setAside = (reason: (typeof open)[number]['reason']) =>
      Number(open.find((one) => one.reason === reason)?.open ?? 0);
    const scan = await sumParts(db, runId, 'scan');
    const counts = {
      setAside: setAside('invalid') + setAside('conflict'),
      otherId: setAside('other-id'),
      unlisted: await countUnlisted(db, planId),
      uncertainEnd: scan.uncertainEnds,
      owed: await countOwed(db, input),
      leftOut:
        (await countLeftOut(db, connectionId, of, 'skipped')) + (await countLeftOut(db, connectionId, of, 'replaced')),
      excluded: await countLeftOut(db, connectionId, of, 'excluded'),
      edited: await countEdited(db, connectionId, of),
      ...notCompared,
    };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  /** Of records that the source no longer has, nothing is left to judge. */
  async function clearGone(input: FinishInput, entity: ConnectorEntity, seenBefore: number): Promise<void> {
    const { runId, planId, connectionId } = input;
    const scan = await sumParts(db, runId, 'scan');
    if (scan.uncertainEnds > 0 || !coversAll(await coverageOfPlan(db, planId))) return;
    // an empty partition is no evidence, and which of them an entry belongs to is not known
    if ([...(await stagedByPartition(db, runId, 'scan')).values()].some((ids) => !(ids > 0))) return;
    const { staged } = scan;
    await clearUnlisted(db, { runId, connectionId, entity, staged, seenBefore: new Date(seenBefore) });
  }

  async function finish(input: FinishInput): Promise<ReconciliationResult> {
    const open = await openTarget(input, 'reconciliation');
    const { entity, readLagMs } = open;
    const { runId, planId, wait, scanned, missing, stale, gone, unlisted, held } = input;
    const claimed = await ownRun(db, input, ['reconciliation']);
    assertAsClaimed(
      claimed,
      claimed.dryRun === input.dryRun,
      claimed.dryRun ? 'applying: it is a dry run' : 'a dry run',
    );
    await assertSettled(db, input);
    if (!input.dryRun) {
      const reading = { signal: Context.current().cancellationSignal, onProgress: () => undefined };
      await judgeFewer(deps, open, { runId }, reading);
      await judgeLeftOut(deps, open, { runId, writtenBy: `run ${runId}` });
    }
    const waiting = wait !== null && !input.dryRun;
    const readsAll = !(entity.listings.one && entity.listings.ids);
    const { counts: causes, latestMs } = input.dryRun
      ? { counts: {}, latestMs: null }
      : await explainDifferences(db, {
          ...{ planId, connectionId: input.connectionId, entity },
          writtenBy: readsAll && missing + stale > 0 ? `run ${runId}` : undefined,
        });
    const proposedLookback = proposeLookback(latestMs, entity.lookback);
    if (!input.dryRun) await settlePlan(db, planId, waiting ? 'waiting' : 'applied', wait);
    const plan = await getPlan(db, planId);
    const deleted = plan?.deleted ?? 0;
    const presenceOnly = !readsAll && entity.listings.ids?.presenceOnly === true;
    const notCompared = {
      related: readsAll ? 0 : Object.keys(entity.related ?? {}).length - comparedRelated(entity).length,
      contents: presenceOnly ? Math.max(0, scanned - missing) : 0,
    };
    // what was received later, a scan that started then may not have shown yet
    const shownUntil = (started: number) => started - readLagMs - heldBackMs(entity.listings[readsAll ? 'all' : 'ids']);
    if (!input.dryRun && !waiting && plan) await clearGone(input, entity, shownUntil(plan.scanStarted.getTime()));
    const unjudged = input.dryRun || waiting ? {} : await unjudgedOf(input, entity, notCompared);
    if (!input.dryRun && !waiting && plan) {
      // these stay as they are: the proof counts them among what it could not judge, not among what it corrected
      const aside = await countUnwritten(db, { runId, connectionId: input.connectionId, entity });
      const skipped = await countStillSkipped(db, input, planId);
      const started = plan.scanStarted.getTime();
      const coverage = await coverageOfPlan(db, planId);
      if (coversAll(coverage)) await deletionsKnown(db, input, started);
      await raiseWatermark(db, input, {
        // what was not compared may be older than an answer that is still under way
        watermark: coversAll(coverage) && !presenceOnly ? shownUntil(started) : null,
        provedAt: started,
        differences: Math.max(0, plan.missing + plan.stale + deleted - aside.missing - aside.stale - skipped),
        unjudged,
        coverage,
      });
    }
    const qualified = Object.keys(unjudged).length === 0 ? {} : { unjudged };
    const found = {
      planId,
      scanned,
      missing,
      stale,
      gone,
      unlisted,
      deleted,
      reason: wait,
      causes,
      proposedLookback,
      ...(held && { held }),
    };
    const run = await endRun(db, runId, {
      status: waiting ? 'waiting' : 'succeeded',
      details: { ...found, ...qualified },
    });
    if (entity.parents !== undefined && !input.dryRun) await settleUnread(db, runId, 'scan');
    if (!input.dryRun && readsAll) await settleOwed(db, input, runId);
    if (!input.dryRun) await clearKeyless(db, runId, readsAll);
    runEnded(deps, run);
    for (const step of ['scan', 'second-scan', 'full-listing']) await dropStaging(db, stagingTable(runId, step));
    for (const [name] of comparedRelated(entity)) await dropStaging(db, relatedStaging(runId, name));
    const cursor = await getCursor(db, input);
    return { ...runResult(run, waiting ? 'waiting' : 'succeeded', cursor), dryRun: input.dryRun, ...found };
  }
}
