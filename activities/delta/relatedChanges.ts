import type { Knex } from 'knex';
import { dueOwed, oweRecords } from '../../destination/owed/owed';
import { noteReadAgain } from '../../destination/rows/related/oweAll';
import {
  beginRelatedCursor,
  moveRelatedCursor,
  type RelatedCursor,
  relatedListing,
} from '../../destination/runs/relatedCursors';
import { advancePart, openPart, type Part } from '../../destination/runs/runParts';
import type { Run } from '../../destination/runs/runs';
import { noteFirstToken } from '../../destination/runs/tokens';
import { noCounts } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { heldBackMs } from '../../schema/definition/listings/listing';
import type { RelatedChanges } from '../../schema/definition/listings/relatedChanges';
import { parseDuration } from '../../schema/duration';
import { TidemarkError } from '../../schema/errors';
import type { RelatedChangesPage } from '../../source/contract';
import { noteEndedAttempt } from '../attempt/endedAttempt';
import { thisAttempt } from '../attempt/thisAttempt';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';
import type { ReadingOptions } from '../records/owedInRun';

/** A listing of changed related records, and its cursor. */
interface RelatedFeed extends RelatedCursor {
  /** of the related records */
  readonly name: string;
  readonly changes: RelatedChanges;
}

/** The listings of changed related records that an entity has. */
export function relatedFeeds({ related = {}, lookback }: ConnectorEntity): RelatedFeed[] {
  return Object.entries(related).flatMap(([name, { changes }]) =>
    changes === undefined
      ? []
      : {
          ...{ name, changes, listing: relatedListing(name), tokens: changes.feed !== undefined },
          leadMs: changes.feed === undefined ? parseDuration(lookback) + heldBackMs(changes) : 0,
        },
  );
}

/**
 * Reads which related records were changed since each listing's cursor. The records that they belong to are owed in the transaction of the page that
 * named them, and the cursor moves in that of the last page: what is owed outlives the run. Part of a delta, before it reads its own listing, so
 * that a record in both lists is read once.
 */
export async function readRelatedChanges(
  deps: ActivityDeps,
  open: OpenTarget,
  run: Run,
  options: ReadingOptions,
): Promise<void> {
  for (const feed of relatedFeeds(open.entity)) {
    const part = await openPart(deps.db, { runId: run.id, step: feed.listing, partition: '' }, thisAttempt());
    if (part.done) continue;
    try {
      // without a cursor there is no since when: `beginRelated` gives it one as the run ends
      if (part.found === null) await haveFirstToken(deps, open, feed, part, options);
      else await readFeed(deps, open, feed, part, options);
    } catch (error) {
      await noteEndedAttempt(deps, part.key, error);
      throw error;
    }
  }
}

async function haveFirstToken(
  { db }: ActivityDeps,
  { entity, source }: OpenTarget,
  { name, tokens }: RelatedFeed,
  part: Part,
  { signal }: ReadingOptions,
): Promise<void> {
  if (!tokens || part.firstSent !== null) return;
  await noteFirstToken(db, part.key, await source.firstToken(entity, { partition: '', related: name, signal }));
}

async function readFeed(
  deps: ActivityDeps,
  open: OpenTarget,
  feed: RelatedFeed,
  part: Part,
  options: ReadingOptions,
): Promise<void> {
  const { found, key, resumePoint } = part;
  const { signal, onProgress } = options;
  if (found === null) return;
  // the definition has changed from an instant to tokens
  if (feed.tokens && found.token === null) return startOver(deps, open, feed, part, options);
  const from = feed.tokens && found.token !== null ? { token: found.token } : { since: found.at };
  try {
    for await (const page of open.source.relatedChanges(open.entity, feed.name, { ...from, resumePoint, signal })) {
      await deps.db.transaction(async (trx) => {
        await oweRecords(trx, open.target, page.parents, 'changed', settledAfter(open, feed, page));
        await advancePart(trx, key, progressOf(page));
        if (page.resumePoint === null) await moveRelatedCursor(trx, key, feed);
      });
      onProgress();
    }
  } catch (error) {
    if (!(error instanceof TidemarkError && error.type === 'TokenExpired')) throw error;
    await startOver(deps, open, feed, part, options);
  }
}

/**
 * When a reading of what belongs to the named records must have been sent so that it shows the change. A list may be stale for as long as the
 * read lag. An instant's lookback lists the same change once more; a token does not.
 */
function settledAfter({ entity, readLagMs }: OpenTarget, { tokens }: RelatedFeed, page: RelatedChangesPage): number {
  const listedAgain = !tokens && parseDuration(entity.lookback) >= readLagMs;
  return listedAgain ? page.sent : page.received + readLagMs;
}

/** Nothing says what has changed since the token that the source has forgotten: the related records of all rows are owed, with a new token. */
async function startOver(
  { db }: ActivityDeps,
  { entity, source, target }: OpenTarget,
  feed: RelatedFeed,
  { key }: Part,
  { signal }: ReadingOptions,
): Promise<void> {
  const { token, sent, sourceSent } = await source.firstToken(entity, { partition: '', related: feed.name, signal });
  await db.transaction(async (trx) => {
    await noteReadAgain(trx, target.connectionId, entity);
    await advancePart(trx, key, { ...nothingRead, firstSent: sent, firstSentSource: sourceSent });
    await moveRelatedCursor(trx, key, feed, token);
  });
}

const nothingRead = { resumePoint: null, pages: 0, records: 0, requests: 1, counts: noCounts, done: true };

function progressOf(page: RelatedChangesPage) {
  const { resumePoint, sent, sourceSent, records, requests, token, end } = page;
  return {
    ...{ resumePoint, firstSent: sent, firstSentSource: sourceSent, pages: 1, records, requests, token },
    ...{ counts: noCounts, done: resumePoint === null, endUncertain: end?.certain === false },
  };
}

/** Records whose related records have changed and are to be read in this run, without these, whose own answers come with them. */
export async function changedRelated(
  { db }: ActivityDeps,
  { target }: OpenTarget,
  limit: number,
  without: readonly string[] = [],
): Promise<string[]> {
  return await dueOwed(db, target, limit, { without, reason: 'changed' });
}

/** As a delta ends: listings of changed related records that have no cursor yet begin from this run. What had changed before is owed, unless it read all. */
export async function beginRelated(trx: Knex.Transaction, { entity, target }: OpenTarget, run: Run): Promise<void> {
  let begun = false;
  for (const feed of relatedFeeds(entity)) begun = (await beginRelatedCursor(trx, run.id, feed)) || begun;
  if (begun && !run.full) await noteReadAgain(trx, target.connectionId, entity);
}
