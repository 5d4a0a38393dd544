import { Context } from '@temporalio/activity';
import type { Knex } from 'knex';
import { isPartitioned } from '../../destination/plans/coverage';
import { createStaging, emptyStaging, encodeIds, stageIds, stagingTable } from '../../destination/plans/staging';
import type { ListedKeys } from '../../destination/rows/keys/listedKeys';
import { type WriteResult, writeAnswers } from '../../destination/rows/writeAnswers';
import { advancePart, openPart, type PartKey } from '../../destination/runs/runParts';
import { noCounts } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import type { SourcePage } from '../../source/contract';
import { afterEndOfPart } from '../attempt/endedAttempt';
import { startLiveness } from '../attempt/liveness';
import { assertAsClaimed, assertPartition, ownRun } from '../attempt/ownRun';
import { thisAttempt } from '../attempt/thisAttempt';
import type { ActivityDeps } from '../deps';
import { eachWith, interpretPage } from '../listing/interpret';
import { listedKeysOf } from '../listing/listedKeys';
import { progressOf, recordsIn } from '../listing/pageProgress';
import { inBatches, ofIds } from '../listing/readAhead';
import type { TargetOpener } from '../openTarget';
import { type OpenTarget, writeContext } from '../openTarget';

/**
 * `scan` draws the difference, `second-scan` confirms absence where there is no `one`, and `full-listing` reads what would take
 * more requests one by one.
 */
export type ScanStep = 'scan' | 'second-scan' | 'full-listing';

export interface ScanInput extends Target {
  readonly runId: string;
  readonly step: ScanStep;
  readonly partition: string;
  /** `ids` where the entity has it and `one`; else `all`, whose records are written as they come */
  readonly listing: 'ids' | 'all';
  /** a dry run only stages */
  readonly write: boolean;
  /** 1, and higher when a scan must be made again because its staging table was lost */
  readonly round: number;
}

export interface ScanResult {
  readonly pages: number;
  readonly records: number;
}

/** Lists everything that the source holds into a staging table. */
export function scanActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /**
     * Streams a listing into the staging table by COPY, page by page with the manifest and the resume point. A resumed
     * scan is as complete as an unbroken one, since what is staged and where to go on are committed together.
     */
    async scan(input: ScanInput): Promise<ScanResult> {
      const open = await openTarget(input, 'reconciliation');
      const run = await ownRun(db, input, ['reconciliation']);
      assertPartition(run, input.partition, open.partitions);
      assertAsClaimed(run, !(input.write && run.dryRun), 'writing: it is a dry run');
      const table = stagingTable(input.runId, input.step);
      const partitioned = isPartitioned(open.partitions);
      await createStaging(db, table, partitioned);
      const name = { runId: input.runId, step: input.step, partition: input.partition };
      const { key, ...part } = await openPart(db, name, { ...thisAttempt(), round: input.round });
      const done = { pages: part.pages, records: part.records };
      if (part.done) return done;
      const listedKeys = input.write
        ? await listedKeysOf(deps, open, input, `${input.step}-${input.round}`)
        : undefined;
      const { interpret, write, limits } = writerOf(deps, open, input, key, listedKeys);
      const liveness = startLiveness();
      try {
        const read = (signal: AbortSignal) =>
          eachWith(
            open.source.streamAll(open.entity, input.listing, {
              partition: input.partition,
              resumePoint: part.resumePoint,
              signal,
            }),
            async (page) => {
              if (input.step === 'second-scan') refuseUncertainEnd(open, page);
              const listed = await page.listed();
              return {
                ids: encodeIds(listed, listed.length, partitioned ? input.partition : null),
                answers: await interpret(page, signal),
              };
            },
          );
        for await (const pages of inBatches(read, Context.current().cancellationSignal, limits)) {
          const ids = pages.map((page) => page.ids);
          const answers = pages.flatMap((page) => page.answers);
          await write(answers, async (trx, { counts }) => {
            await stageIds(trx, table, ids, partitioned);
            const staged = ids.reduce((total, { count }) => total + count, 0);
            await advancePart(trx, key, { ...progressOf(pages, counts), staged });
          });
          done.pages += pages.length;
          done.records += recordsIn(pages);
          liveness.progress(done);
        }
        return done;
      } catch (error) {
        throw await afterEndOfPart(deps, key, error);
      } finally {
        liveness.stop();
      }
    },

    /** Empties a staging table, so that the scan can be made again. */
    async resetScan({ runId, step }: { runId: string; step: ScanInput['step'] }): Promise<void> {
      await emptyStaging(db, stagingTable(runId, step));
    },
  };
}

/** A second scan deletes what neither scan listed, so that its end must be proved. Throws ContractBroken. */
function refuseUncertainEnd({ entity, target }: OpenTarget, { end }: SourcePage): void {
  if (end === null || end.certain) return;
  throw new TidemarkError(
    'ContractBroken',
    `${target.connectionId}/${entity.name}: nothing shows that the list ended where its pages stopped, so no row is deleted. ` +
      'Declare `total`, or `sizeParam` and `pageSize`, in its listings, or `listings.one`',
  );
}

type PageAnswers = Awaited<ReturnType<typeof interpretPage>>;
type Commit = (trx: Knex.Transaction, written: Pick<WriteResult, 'counts'>) => Promise<void>;

/** How a page is written: over `all`, its records too; they confirm where `one` is not there to do it, or would take too long. */
function writerOf(deps: ActivityDeps, open: OpenTarget, input: ScanInput, key: PartKey, listedKeys?: ListedKeys) {
  const { db, metrics } = deps;
  const { entity } = open;
  if (input.listing === 'ids' || !input.write) {
    return {
      limits: ofIds,
      interpret: (): Promise<PageAnswers> => Promise.resolve([]),
      write: (_answers: PageAnswers, commit: Commit) =>
        db.transaction((trx) => commit(trx, { counts: { ...noCounts } })),
    };
  }
  const confirming = entity.listings.one === undefined || input.step === 'full-listing';
  const context = writeContext(open, `run ${key.runId}`, confirming, input.partition);
  return {
    interpret: (page: SourcePage, signal: AbortSignal): Promise<PageAnswers> => interpretPage(deps, open, page, signal),
    write: async (answers: PageAnswers, commit: Commit) => {
      const { counts } = await writeAnswers(db, context, answers, { runId: key.runId, listedKeys, alongside: commit });
      metrics.rows(input, counts);
    },
  };
}
