import { Context } from '@temporalio/activity';
import { forgetListed } from '../../destination/rows/keys/listedKeys';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { advancePart, openPart } from '../../destination/runs/runParts';
import { noteFirstToken, startOver } from '../../destination/runs/tokens';
import { type Counts, noCounts } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { afterEndOfPart } from '../attempt/endedAttempt';
import { startLiveness } from '../attempt/liveness';
import { assertAsClaimed, assertPartition, ownRun } from '../attempt/ownRun';
import { thisAttempt } from '../attempt/thisAttempt';
import type { ActivityDeps } from '../deps';
import { eachWith, interpretPage } from '../listing/interpret';
import { listedKeysOf } from '../listing/listedKeys';
import { progressOf, recordsIn } from '../listing/pageProgress';
import { inBatches } from '../listing/readAhead';
import type { TargetOpener } from '../openTarget';
import { listedContext } from '../openTarget';
import { fetchDueInRun } from '../records/owedInRun';
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

/** Streams a listing into the table, one partition per call. */
export function pullActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /**
     * Reads `changes` (or `all`) page by page and writes each batch with its resume point, counts and lease in one
     * transaction, while the next pages are being fetched. Killed anywhere, it goes on after the last committed batch.
     */
    async pull(input: PullInput): Promise<PullResult> {
      const open = await openTarget(input, input.listing === 'all' || input.since !== undefined ? 'backfill' : 'delta');
      const run = await ownRun(db, input, ['delta', 'backfill']);
      assertPartition(run, input.partition, open.partitions);
      if (run.strategy === 'delta') {
        const listing = run.full ? 'all' : 'changes';
        assertAsClaimed(run, input.listing === listing && input.since === undefined, `'${input.listing}' since then`);
      }
      const name = { runId: input.runId, step: 'pull', partition: input.partition };
      const { key, ...part } = await openPart(db, name, thisAttempt());
      const since = input.since === undefined ? part.found?.at : new Date(input.since);
      const feed = open.entity.listings.changes?.feed;
      const token = part.found?.token ?? null;
      let listing = part.listing ?? input.listing;
      let { resumePoint, firstSent } = part;
      const done = { pages: part.pages, records: part.records, counts: { ...noCounts, ...part.counts } };
      const readsRelated =
        run.strategy === 'delta' && input.partition === open.partitions[0] && relatedFeeds(open.entity).length > 0;
      if (part.done && !readsRelated) return done;
      const context = listedContext(open, `run ${input.runId}`, input.partition);
      const listedKeys = await listedKeysOf(deps, open, input, 'pull');
      const liveness = startLiveness();
      const { cancellationSignal } = Context.current();
      let mostlyNew = false;

      const readOn = async () => {
        const where = { partition: input.partition, signal: cancellationSignal };
        if (feed && feed.first !== 'all' && listing === 'all' && firstSent === null)
          await noteFirstToken(db, key, await open.source.firstToken(open.entity, where));
        const from = feed ? token !== null && { token } : since && { since };
        const read = (signal: AbortSignal) =>
          eachWith(
            open.source.streamAll(open.entity, listing, {
              ...{ partition: input.partition, resumePoint, signal },
              ...(listing === 'changes' && from ? from : {}),
            }),
            async (page) => ({ answers: await interpretPage(deps, open, page, signal) }),
          );
        for await (const pages of inBatches(read, cancellationSignal)) {
          const answers = pages.flatMap((page) => page.answers);
          const { counts } = await writeAnswers(db, context, answers, {
            runId: input.runId,
            mostlyNew,
            listedKeys,
            alongside: (trx, { counts }) => advancePart(trx, key, progressOf(pages, counts)),
          });
          deps.metrics.rows(input, counts);
          done.pages += pages.length;
          done.records += recordsIn(pages);
          mostlyNew = counts.inserted > recordsIn(pages) * mostly;
          for (const name of Object.keys(counts) as (keyof Counts)[]) done.counts[name] += counts[name];
          liveness.progress({ pages: done.pages, records: done.records, counts: done.counts });
        }
      };
      /** Without a token that the source knows, everything is read. The cursor stays until that has succeeded. */
      const readAll = async () => {
        await db.transaction(async (trx) => {
          await startOver(trx, key);
          if (listedKeys) await forgetListed(trx, listedKeys.table, input.partition);
        });
        listing = 'all';
        resumePoint = null;
        firstSent = null;
        await readOn();
      };

      const readPartition = async () => {
        if (part.done) return;
        if (feed && listing === 'changes' && token === null && input.since === undefined) return readAll();
        await readOn().catch(async (error: unknown) => {
          if (!(error instanceof TidemarkError && error.type === 'TokenExpired')) throw error;
          await readAll();
        });
      };
      const related = { signal: cancellationSignal, onProgress: () => liveness.progress({ ...done }) };

      try {
        if (readsRelated) await readRelatedChanges(deps, open, run, related);
        await readPartition();
        if (readsRelated) await fetchDueInRun(deps, open, run.id, 'changed', related);
        return done;
      } catch (error) {
        throw await afterEndOfPart(deps, key, error);
      } finally {
        liveness.stop();
      }
    },
  };
}
