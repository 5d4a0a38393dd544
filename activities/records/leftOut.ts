import {
  closeLeftOutPlans,
  holdLeftOut,
  isAnyLeftOut,
  keepRejected,
  leftOutDetail,
  noteLeftOut,
  openLeftOutPlan,
} from '../../destination/plans/leftOutPlan';
import { assertMayDelete, takePlan } from '../../destination/plans/planRights';
import { closeItems, deletedLately, openItems, whyWait } from '../../destination/plans/plans';
import { countLeftOut, deleteLeftOut, leftOutLately } from '../../destination/rows/deleteLeftOut';
import type { LeftOutReason } from '../../destination/rows/leftOut';
import { lockEntity } from '../../destination/rows/lockEntity';
import { countLive } from '../../destination/rows/queries/liveIds';
import { type DayLoss, lossByDay } from '../../destination/rows/replaced/days';
import { addFetched } from '../../destination/runs/runParts';
import { noCounts } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { DeletionGuard } from '../../schema/definition/schedule';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';

type Deps = Pick<ActivityDeps, 'db' | 'metrics'>;

/** Deleted in one transaction. */
const atOnce = 500;

/** Who deletes: a run, or a flow outside of runs, by its name. */
export interface Judge {
  readonly runId: string | null;
  readonly writtenBy: string;
  readonly onProgress?: () => void;
}

/**
 * Soft-deletes the live rows whose record is left out, whichever flow has found that. Above the deletion guard they wait in a plan. Outside of
 * runs nothing can wait in a plan: they stay marked, and the next run sees to them.
 */
export async function judgeLeftOut(deps: Deps, open: OpenTarget, judge: Judge): Promise<void> {
  const { db } = deps;
  const { target, entity } = open;
  if (!(await isAnyLeftOut(db, target, entity))) return;
  await keepRejected(db, target, entity);
  await judgeReason(deps, open, judge, 'skipped');
  await judgeReason(deps, open, judge, 'excluded');
  if (entity.replaced !== undefined) await judgeReason(deps, open, judge, 'replaced');
}

async function judgeReason(deps: Deps, open: OpenTarget, judge: Judge, about: LeftOutReason): Promise<void> {
  const { db } = deps;
  const { target, entity } = open;
  const { runId } = judge;
  const plan = await openLeftOutPlan(db, target, about);
  // an operator has decided about these; what is left after that is judged by the next run
  if (plan?.status === 'approved') return;
  const leftOut = await countLeftOut(db, target.connectionId, entity, about);
  if (leftOut > 0) {
    const days = about === 'replaced' ? await lossByDay(db, target.connectionId, entity) : [];
    // a line that was moved to another day is no loss
    const gone = about === 'replaced' ? days.reduce((total, { lost }) => total + lost, 0) : leftOut;
    const liveRows = await countLive(db, target.connectionId, entity);
    const lately = (await deletedLately(db, target)) + (await leftOutLately(db, target.connectionId, entity));
    const guard = entity.deletionGuard;
    const wait =
      whyWait(guard, { liveRows, gone, deletedLately: lately, scanned: leftOut }) ?? whyDaysWait(guard, days);
    if (wait === null) await deleteAll(deps, open, judge, about, liveRows);
    else {
      if (runId === null) return;
      const reason = `${leavesOut(entity, about)} that have rows: ${wait}`;
      await db.transaction((trx) => holdLeftOut(trx, target, entity, { about, runId, liveRows, reason }));
      return;
    }
  }
  if (plan !== undefined) await closeLeftOutPlans(db, target, about);
}

/** The subject and verb of the sentence that says why rows wait. */
function leavesOut({ exclusions = [] }: ConnectorEntity, about: LeftOutReason): string {
  if (about === 'skipped') return 'the mapping leaves out records';
  if (about === 'replaced') return 'days no longer list lines';
  return `rows of ${exclusions.map(({ by }) => by).join(' and ')} exclude records`;
}

/** A day counts by itself as well: among all rows of a table, those of one day are few. */
function whyDaysWait(guard: DeletionGuard, days: readonly DayLoss[]): string | null {
  for (const { day, live, lost } of days) {
    const wait = whyWait(guard, { liveRows: live, gone: lost, deletedLately: 0, scanned: live });
    if (wait !== null) return `of ${day}, ${wait}`;
  }
  return null;
}

async function deleteAll(
  { db, metrics }: Deps,
  { target, entity }: OpenTarget,
  { runId, writtenBy, onProgress }: Judge,
  reason: LeftOutReason,
  liveRows: number,
): Promise<void> {
  const { connectionId } = target;
  for (;;) {
    const deleted = await db.transaction(async (trx) => {
      await lockEntity(trx, { connectionId, entity });
      const ids = await deleteLeftOut(trx, { connectionId, entity, reason, writtenBy, ids: null, limit: atOnce });
      if (runId !== null) {
        await noteLeftOut(trx, target, { about: reason, runId, liveRows, ids });
        await addFetched(trx, { runId, step: 'left-out' }, countsOf(ids.length));
      }
      return ids.length;
    });
    metrics.rows(target, { ...noCounts, deleted });
    onProgress?.();
    if (deleted < atOnce) return;
  }
}

/** Applies an approved plan: its rows that are still left out are deleted, the others stay. */
export async function applyLeftOut(
  { db, metrics }: Deps,
  { target, entity }: OpenTarget,
  work: { readonly runId: string; readonly planId: string; readonly about: LeftOutReason },
  onProgress: () => void,
): Promise<null> {
  const { connectionId } = target;
  const { runId, planId, about: reason } = work;
  await takePlan(db, { ...target, runId, planId });
  for (;;) {
    const ids = await openItems(db, planId, ['gone'], atOnce);
    if (ids.length === 0) return null;
    const deleted = await db.transaction(async (trx) => {
      await lockEntity(trx, { connectionId, entity });
      await assertMayDelete(trx, work);
      const gone = await deleteLeftOut(trx, {
        connectionId,
        entity,
        reason,
        writtenBy: `run ${runId}`,
        ids,
        limit: atOnce,
      });
      const done = new Set(gone);
      await closeItems(
        trx,
        planId,
        ids.map((id) =>
          done.has(id)
            ? { id, outcome: 'deleted' as const, detail: leftOutDetail[reason] }
            : { id, outcome: 'exempt' as const, detail: 'no longer left out' },
        ),
      );
      await addFetched(trx, { runId, step: 'left-out' }, countsOf(gone.length));
      return gone.length;
    });
    metrics.rows(target, { ...noCounts, deleted });
    onProgress();
  }
}

function countsOf(deleted: number) {
  return { records: deleted, requests: 0, counts: { ...noCounts, deleted } };
}
