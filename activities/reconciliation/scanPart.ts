import { Context } from '@temporalio/activity';
import type { Knex } from 'knex';
import { encodeIds, stageIds, stagingTable } from '../../destination/plans/staging';
import type { ListedKeys } from '../../destination/rows/keys/listedKeys';
import { type WriteResult, writeAnswers } from '../../destination/rows/writeAnswers';
import { type Attempt, advancePart, openPart, type PartKey } from '../../destination/runs/runParts';
import { noCounts } from '../../schema/answer';
import type { ParentPartition } from '../../schema/definition/partitions';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import type { SourcePage } from '../../source/contract';
import { thisAttempt } from '../attempt/thisAttempt';
import type { ActivityDeps } from '../deps';
import { eachWith, type Interpreted, interpretPage } from '../listing/interpret';
import { listedKeysOf } from '../listing/listedKeys';
import { progressOf, recordsIn } from '../listing/pageProgress';
import { inBatches, ofIds } from '../listing/readAhead';
import { type OpenTarget, writeContext } from '../openTarget';
import { stoppedPart } from '../parents';
import { dayOf } from '../replaced/place';
import { scanDays } from './scanDays';

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

/**
 * `scan` draws the difference, `second-scan` confirms absence where there is no `one`, and `full-listing` reads what would take
 * more requests one by one.
 */
export type ScanStep = 'scan' | 'second-scan' | 'full-listing';

interface ScanPart extends ScanInput {
  /** of partitions that are records of another entity: that record */
  readonly parent?: ParentPartition;
  /** default: the one that runs here */
  readonly attempt?: Attempt;
  readonly partitioned: boolean;
  readonly onProgress: (done: ScanResult) => void;
}

/** Lists one partition. A list that the source does not serve for a `parent` ends its part, and nothing else. */
export async function scanPart(deps: ActivityDeps, open: OpenTarget, input: ScanPart): Promise<ScanResult> {
  const { db } = deps;
  const { parent, partition, partitioned } = input;
  const table = stagingTable(input.runId, input.step);
  const name = { runId: input.runId, step: input.step, partition };
  const { key, ...part } = await openPart(db, name, { ...(input.attempt ?? thisAttempt()), round: input.round });
  const done = { pages: part.pages, records: part.records };
  if (part.done) return done;
  const listedKeys = input.write ? await listedKeysOf(deps, open, input, `${input.step}-${input.round}`) : undefined;
  if (open.entity.replaced !== undefined) {
    try {
      return await scanDays(deps, open, { ...input, key, table, after: dayOf(part.resumePoint) });
    } catch (error) {
      return await stoppedPart(deps, key, error, parent).then(() => done);
    }
  }
  const { interpret, write, limits } = writerOf(deps, open, input, key, listedKeys);
  try {
    const read = (signal: AbortSignal) =>
      eachWith(
        open.source.streamAll(open.entity, input.listing, {
          ...{ partition, parent, resumePoint: part.resumePoint, signal, reader: name },
        }),
        async (page) => {
          if (input.step === 'second-scan') refuseUncertainEnd(open, page);
          const listed = await page.listed();
          return {
            ids: encodeIds(listed, listed.length, partitioned ? partition : null),
            ...(await interpret(page, signal)),
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
      input.onProgress(done);
    }
  } catch (error) {
    await stoppedPart(deps, key, error, parent);
  }
  return done;
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

type PageAnswers = Interpreted['answers'];
type Commit = (trx: Knex.Transaction, written: Pick<WriteResult, 'counts'>) => Promise<void>;

/** How a page is written: over `all`, its records too; they confirm where `one` is not there to do it, or would take too long. */
function writerOf(deps: ActivityDeps, open: OpenTarget, input: ScanInput, key: PartKey, listedKeys?: ListedKeys) {
  const { db, metrics } = deps;
  const { entity } = open;
  if (input.listing === 'ids' || !input.write) {
    return {
      limits: ofIds,
      interpret: ({ requests }: SourcePage): Promise<Interpreted> => Promise.resolve({ answers: [], requests }),
      write: (_answers: PageAnswers, commit: Commit) =>
        db.transaction((trx) => commit(trx, { counts: { ...noCounts } })),
    };
  }
  const confirming = entity.listings.one === undefined || input.step === 'full-listing';
  const context = writeContext(open, `run ${key.runId}`, confirming, input.partition);
  return {
    interpret: (page: SourcePage, signal: AbortSignal): Promise<Interpreted> => interpretPage(deps, open, page, signal),
    write: async (answers: PageAnswers, commit: Commit) => {
      const { counts } = await writeAnswers(db, context, answers, { runId: key.runId, listedKeys, alongside: commit });
      metrics.rows(input, counts);
    },
  };
}
