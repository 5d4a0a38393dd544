import { Context } from '@temporalio/activity';
import { closeListed, keepListed, knownLiveIds } from '../../destination/plans/diffScan';
import { exemptSilent } from '../../destination/plans/heldPlans';
import { assertMayDelete, ownPlan, takePlan } from '../../destination/plans/planRights';
import { closeItems, getPlan, openItems, type PlanAbout } from '../../destination/plans/plans';
import { countStaged, stagingTable } from '../../destination/plans/staging';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { addFetched, stagedByPartition, sumParts } from '../../destination/runs/runParts';
import { getRun } from '../../destination/runs/runs';
import { unreadOfRun } from '../../destination/runs/unreadParts';
import { heldBackMs } from '../../schema/definition/listings/listing';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { alive } from '../attempt/liveness';
import { assertComplete, ownRun } from '../attempt/ownRun';
import { startSurvivingLiveness } from '../attempt/survivingLiveness';
import type { ActivityDeps } from '../deps';
import { type OpenTarget, type TargetOpener, writeContext } from '../openTarget';
import { partitionsFor } from '../parents';
import { fetchRecords } from '../records/fetchRecords';
import { applyFewer } from '../records/fewer';
import { applyLeftOut, judgeLeftOut } from '../records/leftOut';
import { judge, judgeAbsent, vouchersAtMost, whyDoubt } from './judgePlan';

export interface PlanInput extends Target {
  readonly runId: string;
  readonly planId: string;
}

/** At most this many ids are fetched and written together. */
const chunk = 50;

/** From a plan to its soft deletes: the source confirms each, by `one` or by a second complete scan. */
export function deletionActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db, clock, metrics } = deps;

  /** The absence that a complete scan shows counts only for rows last received before this. */
  const receivedBefore = async (planId: string, { entity, readLagMs }: OpenTarget) => {
    const plan = await getPlan(db, planId);
    if (!plan)
      throw new TidemarkError('NotFound', `There is no plan ${planId}: it was pruned, or its connection removed`);
    const { all, ids, one } = entity.listings;
    return plan.scanStarted.getTime() - readLagMs - heldBackMs(one && ids ? ids : all);
  };

  /**
   * A plan about something else than absence. One about related records deletes nothing by itself: what they are now is read and
   * written. The rows of one about records that are left out need no confirmation: the source has shown each.
   */
  const applyOther = async (
    open: OpenTarget,
    input: PlanInput,
    about: Exclude<PlanAbout, 'deletions'>,
  ): Promise<string | null> => {
    const liveness = startSurvivingLiveness(`Run ${input.runId}, applying plan ${input.planId}`);
    const onProgress = () => liveness.progress({});
    const { cancellationSignal: signal } = Context.current();
    try {
      if (about !== 'related') return await applyLeftOut(deps, open, { ...input, about }, onProgress);
      const reason = await applyFewer(deps, open, input, { signal, onProgress });
      await judgeLeftOut(deps, open, { runId: input.runId, writtenBy: `run ${input.runId}`, onProgress });
      return reason;
    } catch (error) {
      liveness.failed();
      throw error;
    } finally {
      liveness.stop();
    }
  };

  return {
    /**
     * Asks `one` for every row that the scan did not list, and soft-deletes those that are gone. First, an id that the
     * scan did list must answer live: a token of the wrong tenant makes everything look gone.
     * Returns why nothing may be deleted, or null.
     */
    async confirmGone(input: PlanInput): Promise<string | null> {
      const open = await openTarget(input, 'reconciliation');
      const signal = Context.current().cancellationSignal;
      await ownRun(db, input, ['reconciliation']);
      const about = (await getPlan(db, input.planId))?.about ?? 'deletions';
      if (about !== 'deletions') return await applyOther(open, input, about);
      const plan = await takePlan(db, input);
      const known = await knownLiveIds(db, { ...input, entity: open.entity }, vouchersAtMost);
      const before = await receivedBefore(input.planId, open);
      // what a list does not show that may go on proves nothing, so an answer about another record proves nothing either
      const { uncertainEnds } = await sumParts(db, plan.runId, 'scan');
      const liveness = startSurvivingLiveness(`Run ${input.runId}, confirming deletions`);
      let asked = 0;
      const ask = async (ids: readonly string[], receivedBefore?: number) => {
        await fetchRecords(deps, open, ids, {
          runId: input.runId,
          writtenBy: `run ${input.runId}`,
          signal,
          ...(receivedBefore === undefined ? {} : { receivedBefore, unlisted: uncertainEnds === 0 }),
          onProgress: () => liveness.progress({ asked: ++asked }),
          alongside: async (trx, fetched) => {
            await assertMayDelete(trx, input);
            const closed = await closeItems(trx, input.planId, judge(ids, fetched));
            if (closed > 0)
              await addFetched(
                trx,
                { runId: input.runId, step: 'confirm' },
                { records: ids.length, counts: fetched.counts },
              );
          },
        });
      };
      try {
        const doubt = await whyDoubt(open, known, plan.status === 'approved', signal);
        if (doubt !== null) return doubt;
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
      } catch (error) {
        liveness.failed();
        throw error;
      } finally {
        liveness.stop();
      }
    },

    /** Closes what a full listing has shown of a plan's missing and stale records; returns how many are left. */
    closeListed: async ({ runId, planId }: { runId: string; planId: string }): Promise<number> =>
      alive(async () => {
        await ownPlan(db, { ...(await getRun(db, runId)), runId, planId });
        return await db.transaction((trx) => closeListed(trx, planId, runId));
      }),

    /** Where the API has no `one`: soft-deletes the rows that two complete scans did not list. */
    async deleteUnlisted(input: PlanInput): Promise<'done' | 'rescan'> {
      const open = await openTarget(input, 'reconciliation');
      const { runId, planId } = input;
      const run = await ownRun(db, input, ['reconciliation']);
      const about = (await getPlan(db, planId))?.about ?? 'deletions';
      if (about !== 'deletions') {
        await applyOther(open, input, about);
        return 'done';
      }
      const plan = await takePlan(db, input);
      const second = await sumParts(db, runId, 'second-scan');
      if (second.done) assertComplete(run, second, await partitionsFor(db, open, runId, 'scan'));
      if (
        !second.done ||
        second.firstSent === null ||
        (await countStaged(db, stagingTable(runId, 'second-scan'))) !== second.staged
      )
        return 'rescan';
      await db.transaction((trx) => keepListed(trx, planId, runId));
      if (plan.status !== 'approved') {
        const staged = await stagedByPartition(db, runId, 'second-scan');
        const unread = await unreadOfRun(db, runId, 'second-scan');
        const silent = [...staged].flatMap(([partition, ids]) =>
          ids === 0 || unread.has(partition) ? [partition] : [],
        );
        const of = { connectionId: input.connectionId, entity: open.entity, silent };
        await db.transaction((trx) => exemptSilent(trx, planId, of));
      }
      const secondSent = second.firstSent;
      const before = await receivedBefore(planId, open);
      const context = writeContext(open, `run ${runId}`, true);
      const liveness = startSurvivingLiveness(`Run ${runId}, deleting what two scans did not list`);
      try {
        await eachChunk(
          () => openItems(db, planId, ['gone'], 1000),
          async (ids) => {
            const gone = ids.map((id) => ({ id, version: null }));
            const absent = { sent: secondSent, received: clock.received(), live: [], setAside: [], gone };
            const { counts } = await writeAnswers(db, context, [absent], {
              runId,
              receivedBefore: before,
              alongside: async (trx, { deleted, counts }) => {
                await assertMayDelete(trx, input);
                const closed = await closeItems(trx, planId, judgeAbsent(ids, deleted));
                if (closed > 0)
                  await addFetched(trx, { runId, step: 'confirm' }, { records: ids.length, requests: 0, counts });
              },
            });
            metrics.rows(input, counts);
            liveness.progress({ deleted: ids.length });
          },
        );
        return 'done';
      } catch (error) {
        liveness.failed();
        throw error;
      } finally {
        liveness.stop();
      }
    },
  };
}

/** Works through what `next` returns until it returns nothing; each piece of work makes its part disappear from it. */
async function eachChunk(next: () => Promise<string[]>, work: (ids: string[]) => Promise<void>): Promise<void> {
  for (let ids = await next(); ids.length > 0; ids = await next()) await work(ids);
}
