import { Context } from '@temporalio/activity';
import { forgetListed } from '../../destination/rows/keys/listedKeys';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { type Attempt, advancePart, openPart } from '../../destination/runs/runParts';
import type { Run } from '../../destination/runs/runs';
import { noteFirstToken, startOver } from '../../destination/runs/tokens';
import { addCounts, type Counts, noCounts } from '../../schema/answer';
import type { ParentPartition } from '../../schema/definition/partitions';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { thisAttempt } from '../attempt/thisAttempt';
import type { ActivityDeps } from '../deps';
import { eachWith, interpretPage } from '../listing/interpret';
import { listedKeysOf } from '../listing/listedKeys';
import { countsOf, progressOf, recordsIn } from '../listing/pageProgress';
import { inBatches } from '../listing/readAhead';
import { listedContext, type OpenTarget } from '../openTarget';
import { stoppedPart } from '../parents';
import { fetchDueInRun } from '../records/owedInRun';
import { dayOf, widerRange } from '../replaced/place';
import { replaceDays } from '../replaced/replaceDays';
import { readRelatedChanges, relatedFeeds } from './relatedChanges';

export interface PullInput extends Target {
  readonly runId: string;
  readonly listing: 'all' | 'changes';
  readonly partition: string;
  /** ISO: from then instead of from the cursor, at the priority of a backfill */
  readonly since?: string;
}

export interface PullResult {
  readonly counts: Counts;
  readonly pages: number;
  readonly records: number;
}

/** Where so much of a batch was new, the next one is taken to be new as well. */
const mostly = 0.9;

interface PullPart extends PullInput {
  readonly run: Run;
  /** of partitions that are records of another entity: that record */
  readonly parent?: ParentPartition;
  /** default: the one that runs here */
  readonly attempt?: Attempt;
  readonly onProgress: (done: PullResult) => void;
}

/** Reads one partition into the table. A list that the source does not serve for a `parent` ends its part, and nothing else. */
export async function pullPart(deps: ActivityDeps, open: OpenTarget, input: PullPart): Promise<PullResult> {
  const { db } = deps;
  const { parent, partition } = input;
  const name = { runId: input.runId, step: 'pull', partition };
  const { key, ...part } = await openPart(db, name, input.attempt ?? thisAttempt());
  const since = input.since === undefined ? part.found?.at : new Date(input.since);
  const feed = open.entity.listings.changes?.feed;
  const token = part.found?.token ?? null;
  let listing = part.listing ?? input.listing;
  let { resumePoint, firstSent } = part;
  const done = { pages: part.pages, records: part.records, counts: { ...noCounts, ...part.counts } };
  const readsRelated =
    input.run.strategy === 'delta' && partition === open.partitions[0] && relatedFeeds(open.entity).length > 0;
  if (part.done && !readsRelated) return done;
  const context = listedContext(open, `run ${input.runId}`, partition);
  const listedKeys = await listedKeysOf(deps, open, input, 'pull');
  const { cancellationSignal } = Context.current();
  let mostlyNew = false;

  const readOn = async () => {
    const where = { partition, parent, signal: cancellationSignal };
    if (feed && feed.first !== 'all' && listing === 'all' && firstSent === null)
      await noteFirstToken(db, key, await open.source.firstToken(open.entity, where));
    const from = feed ? token !== null && { token } : since && { since };
    const read = (signal: AbortSignal) =>
      eachWith(
        open.source.streamAll(open.entity, listing, {
          ...{ partition, parent, resumePoint, signal, reader: name },
          ...(listing === 'changes' && from ? from : {}),
        }),
        (page) => interpretPage(deps, open, page, signal),
      );
    for await (const pages of inBatches(read, cancellationSignal)) {
      const answers = pages.flatMap((page) => page.answers);
      const written = await writeAnswers(db, context, answers, {
        runId: input.runId,
        mostlyNew,
        listedKeys,
        alongside: (trx, { counts }) => advancePart(trx, key, progressOf(pages, counts)),
      });
      const counts = countsOf(pages, written.counts);
      deps.metrics.rows(input, counts);
      done.pages += pages.length;
      done.records += recordsIn(pages);
      mostlyNew = counts.inserted > recordsIn(pages) * mostly;
      for (const name of Object.keys(counts) as (keyof Counts)[]) done.counts[name] += counts[name];
      input.onProgress(done);
    }
  };
  /** Without a token that the source knows, everything is read. The cursor stays until that has succeeded. */
  const readAll = async () => {
    await db.transaction(async (trx) => {
      await startOver(trx, key);
      if (listedKeys) await forgetListed(trx, listedKeys.table, partition);
    });
    listing = 'all';
    resumePoint = null;
    firstSent = null;
    await readOn();
  };

  /** The days that the whole list shows, instead of its records one by one. */
  const replace = async () => {
    const { signal: _, ...read } = { partition, parent, reader: name, signal: cancellationSignal };
    const written = await replaceDays(deps, open, {
      ...{ key, parent, context, signal: cancellationSignal, after: dayOf(resumePoint) },
      pages: (signal) =>
        open.source.streamAll(open.entity, listing, {
          ...{ ...read, signal },
          ...(listing === 'changes' && since ? widerRange(since, deps.clock.received()) : {}),
        }),
      onProgress: ({ pages, records, counts }) =>
        input.onProgress({ pages, records, counts: addCounts(done.counts, counts) }),
    });
    done.counts = addCounts(done.counts, written);
  };

  const readPartition = async () => {
    if (part.done) return;
    if (open.entity.replaced !== undefined) return replace();
    if (feed && listing === 'changes' && token === null && input.since === undefined) return readAll();
    await readOn().catch(async (error: unknown) => {
      if (!(error instanceof TidemarkError && error.type === 'TokenExpired')) throw error;
      await readAll();
    });
  };
  const related = { signal: cancellationSignal, onProgress: () => input.onProgress(done) };

  try {
    if (readsRelated) await readRelatedChanges(deps, open, input.run, related);
    await readPartition();
    if (readsRelated) await fetchDueInRun(deps, open, input.runId, 'changed', related);
  } catch (error) {
    await stoppedPart(deps, key, error, parent);
  }
  return done;
}
