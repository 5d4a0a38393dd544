import { countLiveRows, coverageOf, isPartitioned, notePartitions } from '../../destination/plans/coverage';
import { diffScan } from '../../destination/plans/diffScan';
import { endedParents } from '../../destination/plans/endedParents';
import { countCandidates, holdPartitions, noneHeld } from '../../destination/plans/heldPlans';
import { horizonOf } from '../../destination/plans/horizon';
import { holdPlan } from '../../destination/plans/planRights';
import { createPlan, deletedLately, recordDifferences, settlePlan, whyWait } from '../../destination/plans/plans';
import { countStaged, stagingTable } from '../../destination/plans/staging';
import { countUnwritten } from '../../destination/plans/unwritten';
import { countDisputed } from '../../destination/rows/disputes';
import { settleExclusions } from '../../destination/rows/exclusion/settleExclusions';
import { addFetched, stagedByPartition, sumParts } from '../../destination/runs/runParts';
import { assertAnyRead, unreadOfRun } from '../../destination/runs/unreadParts';
import { keylessSeen } from '../../destination/setAside/keylessSeen';
import { noCounts } from '../../schema/answer';
import { heldBackMs } from '../../schema/definition/listings/listing';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { pagesFor } from '../../source/contract';
import { alive } from '../attempt/liveness';
import { assertAnyPartition, assertAsClaimed, assertComplete, ownRun } from '../attempt/ownRun';
import type { ActivityDeps } from '../deps';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { partitionsFor } from '../parents';

export interface DrawPlanInput extends Target {
  readonly runId: string;
  readonly dryRun: boolean;
  /** `ids`: rows are compared by version; `all`: the scan has written the rows itself */
  readonly listing: 'ids' | 'all';
}

export interface DrawnPlan {
  /** `rescan`: the staging table does not hold what its manifest says, as after a crash of PostgreSQL */
  readonly outcome: 'drawn' | 'rescan';
  readonly planId: string | null;
  readonly scanned: number;
  readonly missing: number;
  readonly stale: number;
  /** of these, how many are still to be fetched: none where the scan has written the rows itself. Workflows of before know no such field */
  readonly toFetch?: number;
  /** not listed: rows that may be deleted once the source confirms it, and those received so recently that they are only fetched */
  readonly gone: number;
  readonly unlisted: number;
  /** as many rows are missing, stale or disputed that one full listing takes fewer requests than a fetch of each */
  readonly byListing: boolean;
  /** why the deletions must wait for an operator; null when they may be confirmed and applied */
  readonly wait: string | null;
  /** plans of single partitions that wait by themselves */
  readonly held?: readonly string[];
}

const rescan: DrawnPlan = {
  outcome: 'rescan',
  planId: null,
  scanned: 0,
  missing: 0,
  stale: 0,
  gone: 0,
  unlisted: 0,
  byListing: false,
  wait: null,
};

/** The first step after a complete scan: the set difference between scan and table. */
export function drawPlanActivities({ db }: ActivityDeps, openTarget: TargetOpener) {
  return {
    /** Draws the set difference between the scan and the table, and judges it by the deletion guard. */
    drawPlan: (input: DrawPlanInput): Promise<DrawnPlan> => alive(() => drawPlan(input)),
  };

  async function drawPlan(input: DrawPlanInput): Promise<DrawnPlan> {
    const open = await openTarget(input, 'reconciliation');
    const { entity, readLagMs, connection } = open;
    const { runId, connectionId } = input;
    const run = await ownRun(db, input, ['reconciliation']);
    const partitions = await partitionsFor(db, open, runId, 'scan');
    assertAsClaimed(run, run.dryRun === input.dryRun, run.dryRun ? 'applying: it is a dry run' : 'a dry run');
    const listing = entity.listings.one && entity.listings.ids ? 'ids' : 'all';
    assertAsClaimed(run, input.listing === listing, `the listing '${input.listing}'`);
    const scan = await sumParts(db, runId, 'scan');
    assertAnyPartition(run, partitions);
    if (entity.parents !== undefined && scan.done) await assertAnyRead(db, run, 'scan');
    if (!scan.done || scan.firstSent === null) {
      throw new TidemarkError(
        'ContractBroken',
        `Run ${runId}: the scan of ${connectionId}/${input.entity} is not complete; nothing may be concluded from it`,
      );
    }
    const scanStarted = scan.firstSent;
    const staging = stagingTable(runId, 'scan');
    const staged = await countStaged(db, staging);
    assertComplete(run, scan, partitions);
    if (staged !== scan.staged) return rescan;
    if (!input.dryRun) {
      const settling = { connectionId, entity, writtenBy: `run ${runId}`, listed: staging };
      const updated = await settleExclusions(db, settling);
      if (updated > 0)
        await addFetched(
          db,
          { runId, step: 'exclusions' },
          { records: 0, requests: 0, counts: { ...noCounts, updated } },
        );
    }
    // what the list withholds is as if it were read that much earlier
    const staleMs = readLagMs + heldBackMs(entity.listings[listing]);
    const partitioned = isPartitioned(partitions);
    if (partitioned && !input.dryRun) await notePartitions(db, input, entity, staging);
    const horizon = await horizonOf(db, entity, listing, { at: scanStarted, timeZone: connection.timeZone });
    const [live, listed, unread] = await Promise.all([
      countLiveRows(db, input, entity, horizon),
      stagedByPartition(db, runId, 'scan'),
      entity.parents === undefined ? new Set<string>() : unreadOfRun(db, runId, 'scan'),
    ]);
    const ended = await endedParents(db, connectionId, entity, { live, listed });
    const liveRows = [...live.byPartition.values()].reduce((sum, rows) => sum + rows, 0);
    const drawn = await db.transaction(async (trx) => {
      const planId = await createPlan(trx, { ...input, runId, scanStarted, liveRows });
      const versions = input.listing === 'ids' || input.dryRun;
      const diff = {
        runId,
        planId,
        connectionId,
        entity,
        scanStarted,
        readLagMs: staleMs,
        versions,
        horizon,
        partitioned,
      };
      const drawn = await diffScan(trx, diff);
      // a scan that is empty as a whole waits as a whole
      const held =
        scan.staged === 0
          ? noneHeld
          : await holdPartitions(trx, {
              ...{ ...input, scanStarted, liveRows, planId, listed, of: entity, guard: entity.deletionGuard },
              ...{ live: live.byPartition, unread, ended },
              status: input.dryRun ? 'dry' : 'waiting',
            });
      const left = held.rows.size + held.unread === 0 ? drawn : { ...drawn, ...(await countCandidates(trx, planId)) };
      // what the scan has written was missing or stale before it
      const { inserted, updated, errors } = scan.counts;
      const aside = errors > 0 ? await countUnwritten(trx, { runId, connectionId, entity }) : { missing: 0, stale: 0 };
      const written = { missing: inserted + aside.missing, stale: updated + aside.stale };
      const found = versions ? left : { ...left, ...written };
      await recordDifferences(
        trx,
        planId,
        found,
        coverageOf(live, listed, horizon, { held: held.rows, unread, ended }),
      );
      return { planId, ...found, ...(held.planIds.length === 0 ? {} : { held: held.planIds }) };
    });
    const gone = drawn.gone + drawn.unlisted;
    const wait =
      whyWait(entity.deletionGuard, {
        ...{ liveRows, gone, scanned: scan.staged },
        deletedLately: await deletedLately(db, input),
      }) ??
      (await whyKeyless(db, input, { startedAt: run.startedAt, gone, byAbsence: entity.listings.one === undefined }));
    await holdPlan(db, drawn.planId, wait);
    if (input.dryRun) await settlePlan(db, drawn.planId, 'dry', wait);
    const toList =
      input.listing === 'ids' ? drawn.missing + drawn.stale : await countDisputed(db, connectionId, entity);
    return {
      outcome: 'drawn',
      scanned: scan.staged,
      wait,
      byListing: listsInstead(entity, toList, scan.staged),
      toFetch: input.listing === 'ids' ? drawn.missing + drawn.stale : 0,
      ...drawn,
    };
  }
}

/** Where absence alone would delete, a record that was listed without an id may be one of the rows that were not listed. */
async function whyKeyless(
  db: ActivityDeps['db'],
  target: Target,
  { startedAt, gone, byAbsence }: { readonly startedAt: Date; readonly gone: number; readonly byAbsence: boolean },
): Promise<string | null> {
  if (!byAbsence || gone === 0) return null;
  const keyless = await keylessSeen(db, target, startedAt);
  if (keyless === 0) return null;
  return `${keyless} records were listed whose id cannot be read, and ${gone} rows were not listed: these may be the same records. Correct the records or the definition (tidemark set-aside list), or approve the deletions`;
}

/** A full listing is worth it from this many records on, and where each of its pages replaces two requests or more. */
const listingFrom = 200;

function listsInstead({ listings }: OpenTarget['entity'], toFetch: number, scanned: number): boolean {
  const pages = pagesFor(listings.all, scanned);
  return listings.one !== undefined && toFetch >= listingFrom && toFetch > 2 * pages;
}
