import { assertMayDelete, takePlan } from '../../destination/plans/planRights';
import { closeItems, openItems } from '../../destination/plans/plans';
import { closeRelatedPlans, holdRelated, whyFewerWait } from '../../destination/plans/relatedPlan';
import { tableName } from '../../destination/rows/format/rowFormat';
import {
  leftWithheld,
  otherIdsWith,
  type WithheldGroup,
  withheldKinds,
  withheldReadings,
} from '../../destination/rows/related/withheld';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { addFetched } from '../../destination/runs/runParts';
import type { RelatedAnswer } from '../../schema/answer';
import { relatedAtOnce } from '../../source/contract';
import type { ActivityDeps } from '../deps';
import { type OpenTarget, writeContext } from '../openTarget';
import { fetchInRun, type ReadingOptions } from './owedInRun';
import { readRelated } from './related';

/** Written in one transaction. */
const atOnce = 500;

/**
 * Decides about readings of a run, or of what this worker has read since an instant outside of runs, that show fewer related records than their rows
 * hold: as many as the guard allows are written, otherwise all of them wait for an operator. Where no record of the run has any left, others that have
 * some are read first: a source that shows none of those either may have withdrawn the right to read them. Outside of runs nothing can
 * wait in a plan; the next delta reads it again and sees to it.
 */
export async function judgeFewer(
  deps: ActivityDeps,
  open: OpenTarget,
  { runId, since = 0 }: { readonly runId: string | null; readonly since?: number },
  options: ReadingOptions,
): Promise<void> {
  const { db } = deps;
  const { target, entity } = open;
  if (entity.related === undefined) return;
  const group = { ...target, runId, since, table: tableName(entity) };
  if (runId !== null) await readLeft(deps, open, { ...group, runId }, options);
  const kinds = await withheldKinds(db, group);
  await closeRelatedPlans(db, target);
  if (kinds.length === 0) return;
  const reasons: string[] = [];
  for (const kind of kinds) {
    const byRun = runId !== null && kind.none < kind.had;
    const shown = byRun || kind.none === 0 || (await isShown(deps, open, group, kind.kind, options.signal));
    const reason = whyFewerWait(kind, shown);
    if (reason !== null) reasons.push(reason);
  }
  if (reasons.length === 0) return writeFewer(deps, open, group, options);
  if (runId === null) return;
  const had = Math.max(...kinds.map((kind) => kind.had));
  await db.transaction((trx) => holdRelated(trx, target, runId, { reason: reasons.join('; '), had }));
}

/** What an earlier run has left is read again, as part of this one. */
async function readLeft(
  deps: ActivityDeps,
  open: OpenTarget,
  group: WithheldGroup & { readonly runId: string },
  { signal, onProgress }: ReadingOptions,
): Promise<void> {
  let after = '';
  for (;;) {
    const ids = await leftWithheld(deps.db, group, after, atOnce);
    const last = ids.at(-1);
    if (last === undefined) return;
    await fetchInRun(deps, open, group.runId, ids, signal);
    after = last;
    onProgress();
  }
}

/** Whether the source shows related records of this kind of any other record that has some. */
async function isShown(
  deps: ActivityDeps,
  open: OpenTarget,
  group: WithheldGroup,
  kind: string,
  signal: AbortSignal,
): Promise<boolean> {
  const others = await otherIdsWith(deps.db, group, kind, relatedAtOnce(open.entity));
  if (others.length === 0) return false;
  const { read } = await readRelated(deps, open, others, signal);
  return [...read.values()].some(({ records }) => (records[kind] ?? []).length > 0);
}

async function writeFewer(
  deps: ActivityDeps,
  open: OpenTarget,
  group: WithheldGroup,
  { onProgress }: ReadingOptions,
): Promise<void> {
  const { runId } = group;
  let after = '';
  for (;;) {
    const readings = await withheldReadings(deps.db, group, after, atOnce);
    const last = readings.at(-1);
    if (last === undefined) return;
    await write(deps, open, readings, { runId, writtenBy: runId === null ? 'owed' : `run ${runId}` });
    after = last.id;
    onProgress();
  }
}

interface Writing {
  readonly runId: string | null;
  readonly writtenBy: string;
  readonly alongside?: Parameters<typeof writeAnswers>[3]['alongside'];
}

async function write(
  { db, metrics }: ActivityDeps,
  open: OpenTarget,
  related: readonly RelatedAnswer[],
  { runId, writtenBy, alongside }: Writing,
): Promise<void> {
  const sent = Math.min(...related.map((one) => one.related.sent));
  const received = Math.max(...related.map((one) => one.related.received));
  const context = { ...writeContext(open, writtenBy, false), acceptsFewer: true };
  const answers = { sent, received, live: [], gone: [], setAside: [], related };
  const { counts } = await writeAnswers(db, context, [answers], {
    runId,
    alongside: async (trx, written) => {
      const done = { records: related.length, requests: 0, counts: written.counts };
      if (runId !== null) await addFetched(trx, { runId, step: 'related' }, done);
      await alongside?.(trx, written);
    },
  });
  metrics.rows(open.target, counts);
}

/** Applies an approved plan: what the source shows now is written, although it may be fewer. Returns why not all could be, or null. */
export async function applyFewer(
  deps: ActivityDeps,
  open: OpenTarget,
  work: { readonly runId: string; readonly planId: string },
  { signal, onProgress }: ReadingOptions,
): Promise<string | null> {
  const { db } = deps;
  const { runId, planId } = work;
  await takePlan(db, { ...open.target, ...work });
  for (;;) {
    const ids = await openItems(db, planId, ['stale'], atOnce);
    if (ids.length === 0) return null;
    const { read, unread } = await readRelated(deps, open, ids, signal);
    await write(
      deps,
      open,
      [...read].map(([id, { part }]) => ({ id, related: part })),
      {
        ...{ runId, writtenBy: `run ${runId}` },
        alongside: async (trx) => {
          await assertMayDelete(trx, work);
          const failed = (id: string) => ({ id, outcome: 'failed' as const, detail: unread.get(id) ?? '' });
          await closeItems(
            trx,
            planId,
            ids.map((id) => (read.has(id) ? { id, outcome: 'fetched' as const } : failed(id))),
          );
        },
      },
    );
    onProgress();
  }
}
