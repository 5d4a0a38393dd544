import { Context } from '@temporalio/activity';
import type { Knex } from 'knex';
import { isAnyLeftOut } from '../../destination/plans/leftOutPlan';
import { type WriteResult, writeAnswers } from '../../destination/rows/writeAnswers';
import { advancePart, openFirst } from '../../destination/runs/runParts';
import type { Run } from '../../destination/runs/runs';
import { heldToken } from '../../destination/runs/tokens';
import { noCounts } from '../../schema/answer';
import type { RunResult } from '../../schema/workflows';
import type { SourcePage } from '../../source/contract';
import { startLiveness } from '../attempt/liveness';
import type { ActivityDeps } from '../deps';
import { type Interpreted, interpretPage } from '../listing/interpret';
import { countedPage, progressOf } from '../listing/pageProgress';
import { runEnded } from '../metrics';
import { listedContext, type OpenTarget } from '../openTarget';
import { judgeFewer } from '../records/fewer';
import { judgeLeftOut } from '../records/leftOut';
import { fetchInRun } from '../records/owedInRun';
import { deltaResult, endDelta } from './endDelta';
import { changedRelated, readRelatedChanges, relatedFeeds } from './relatedChanges';

/** How long the source may take to answer; a slower one is read by the ordinary pull. */
const patienceMs = 5_000;
/** Of a page with more records than this, reading the related records takes too long for it. */
const relatedAtOnceAtMost = 100;

/**
 * Reads the first page of `changes` within the activity that has claimed the run. Most deltas of most schedules have no
 * other: rows, part, run and cursor are then committed together, and two activities with their ways through Temporal
 * are saved, nearly half of what a delta without changes cost. Otherwise the page is kept with its resume
 * point, or nothing is, and the ordinary pull goes on: undefined.
 */
export async function readAtOnce(deps: ActivityDeps, open: OpenTarget, run: Run): Promise<RunResult | undefined> {
  const [partition, ...others] = open.partitions;
  // what duplicates are is judged over all pages
  if (open.entity.duplicates !== undefined) return undefined;
  // days are replaced once a whole list is there
  if (open.entity.replaced !== undefined) return undefined;
  // a report may be made as a job, which takes longer
  if (open.entity.listings.changes?.report !== undefined) return undefined;
  if (partition === undefined || others.length > 0 || run.full || run.cursorBefore === null) return undefined;
  const { db } = deps;
  const { connectionId, entity } = run;
  const fed = open.entity.listings.changes?.feed !== undefined;
  const token = fed ? await heldToken(db, run, partition) : null;
  // the ordinary pull reads everything
  if (fed && token === null) return undefined;
  const name = { runId: run.id, step: 'pull', partition };
  const feeds = relatedFeeds(open.entity).length > 0;
  const liveness = startLiveness();
  try {
    const signal = AbortSignal.any([Context.current().cancellationSignal, AbortSignal.timeout(patienceMs)]);
    if (feeds) await readRelatedChanges(deps, open, run, { signal, onProgress: () => undefined });
    const page = await firstPage(open, partition, token === null ? { since: run.cursorBefore } : { token }, signal);
    if (open.entity.related !== undefined && page.records.length > relatedAtOnceAtMost) return undefined;
    const { answers, requests }: Interpreted =
      page.records.length === 0
        ? { answers: [], requests: page.requests }
        : await interpretPage(deps, open, page, signal);
    let ended: Run | undefined;
    // what is judged once everything has been written
    let judges = false;
    const alongside = async (trx: Knex.Transaction, { counts }: Pick<WriteResult, 'counts'>) => {
      // the ordinary pull, where it has begun, has taken over
      const key = await openFirst(trx, name, token);
      await advancePart(trx, key, progressOf([{ ...countedPage(page), requests }], counts));
      if (page.resumePoint !== null) return;
      judges = open.entity.related !== undefined || (await isAnyLeftOut(trx, run, open.entity));
      if (judges) return;
      ended = await endDelta(trx, open, run.id);
    };
    if (feeds && page.resumePoint === null) {
      const changed = await changedRelated(deps, open, relatedAtOnceAtMost + 1, shownIds(answers));
      if (changed.length > relatedAtOnceAtMost) return undefined;
      if (changed.length > 0) await fetchInRun(deps, open, run.id, changed, signal);
    }
    if (answers.length === 0) await db.transaction((trx) => alongside(trx, { counts: { ...noCounts } }));
    else {
      const context = listedContext(open, `run ${run.id}`, partition);
      const { counts } = await writeAnswers(db, context, answers, {
        runId: run.id,
        alongside,
      });
      deps.metrics.rows({ connectionId, entity }, counts);
    }
    if (judges) {
      await judgeFewer(deps, open, { runId: run.id }, { signal, onProgress: () => undefined });
      await judgeLeftOut(deps, open, { runId: run.id, writtenBy: `run ${run.id}` });
      ended = await db.transaction((trx) => endDelta(trx, open, run.id));
    }
    if (!ended) return undefined;
    runEnded(deps, ended);
    return deltaResult(db, ended);
  } catch (error) {
    // what stopped it stops the ordinary pull too, which can wait, park, and fail
    deps.log.debug({ connection: connectionId, entity, run: run.id, err: error }, 'not done at once');
    return undefined;
  } finally {
    liveness.stop();
  }
}

/** Records whose related records have been read with them. */
function shownIds(answers: Interpreted['answers']): string[] {
  return answers.flatMap((one) => ('live' in one ? [...one.live, ...one.setAside].flatMap(({ id }) => id ?? []) : []));
}

async function firstPage(
  { source, entity }: OpenTarget,
  partition: string,
  from: { readonly since: Date } | { readonly token: string },
  signal: AbortSignal,
): Promise<SourcePage> {
  const pages = source.streamAll(entity, 'changes', { partition, ...from, signal });
  for await (const page of pages) return page;
  throw new RangeError('a listing has at least one page');
}
