import { Context } from '@temporalio/activity';
import {
  createRelatedStaging,
  oweDifferingRelated,
  relatedScan,
  relatedStaging,
  stagedText,
} from '../../destination/plans/diffRelated';
import { encodeIds, stageIds } from '../../destination/plans/staging';
import { advancePart, openPart, type Part } from '../../destination/runs/runParts';
import { noCounts } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Related } from '../../schema/definition/related';
import type { Target } from '../../schema/workflows';
import type { RelatedIdsPage } from '../../source/contract';
import { afterEndOfPart } from '../attempt/endedAttempt';
import { type Liveness, startLiveness } from '../attempt/liveness';
import { assertAsClaimed, ownRun } from '../attempt/ownRun';
import { thisAttempt } from '../attempt/thisAttempt';
import type { ActivityDeps } from '../deps';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { fetchDueInRun } from '../records/owedInRun';

/** The related records whose ids a reconciliation compares, where it does not read them with all records. */
export function comparedRelated({ related = {}, listings }: ConnectorEntity): [name: string, kind: Related][] {
  return listings.ids && listings.one ? Object.entries(related).filter(([, { ids }]) => ids !== undefined) : [];
}

/** Compares related records by their ids. */
export function scanRelatedActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  return {
    /**
     * Lists the ids of all related records, compares them with those that the rows hold, and reads the related records of the records that
     * differ. Nothing is removed because it was not listed: what belongs to the record says so when it is read.
     */
    async scanRelated(input: Target & { readonly runId: string }): Promise<{ readonly differing: number }> {
      const open = await openTarget(input, 'reconciliation');
      const run = await ownRun(deps.db, input, ['reconciliation']);
      assertAsClaimed(run, !run.dryRun, 'writing: it is a dry run');
      const { cancellationSignal: signal } = Context.current();
      const liveness = startLiveness();
      let differing = 0;
      try {
        for (const [name, kind] of comparedRelated(open.entity))
          differing += await compare(deps, open, run.id, { name, kind, signal, liveness });
        const onProgress = () => liveness.progress({ differing });
        await fetchDueInRun(deps, open, run.id, 'differs', { signal, onProgress });
        return { differing };
      } finally {
        liveness.stop();
      }
    },
  };
}

interface Comparing {
  readonly name: string;
  readonly kind: Related;
  readonly signal: AbortSignal;
  readonly liveness: Liveness;
}

async function compare(
  deps: ActivityDeps,
  open: OpenTarget,
  runId: string,
  { name, kind, signal, liveness }: Comparing,
): Promise<number> {
  const { db } = deps;
  const { connectionId } = open.target;
  const part = await openPart(db, { runId, step: relatedScan(name), partition: '' }, thisAttempt());
  await createRelatedStaging(db, runId, name);
  try {
    if (!part.done) await stage(deps, open, part, { name, kind, signal, liveness });
  } catch (error) {
    throw await afterEndOfPart(deps, part.key, error);
  }
  const diff = { runId, connectionId, entity: open.entity, name, key: String(kind.key), version: kind.version };
  return await db.transaction((trx) => oweDifferingRelated(trx, diff));
}

/** Streams the list into the staging table. */
async function stage(
  { db }: ActivityDeps,
  { entity, source }: OpenTarget,
  { key, resumePoint }: Part,
  { name, signal, liveness }: Comparing,
): Promise<void> {
  const table = relatedStaging(key.runId, name);
  let count = 0;
  for await (const page of source.relatedIds(entity, name, { resumePoint, signal })) {
    const ids = page.listed.map(({ parent, key, version }) => ({ id: parent, version: stagedText(key, version) }));
    await db.transaction(async (trx) => {
      await stageIds(trx, table, [encodeIds(ids, ids.length)]);
      await advancePart(trx, key, { ...progressOf(page), staged: ids.length });
    });
    count += ids.length;
    liveness.progress({ related: count });
  }
}

function progressOf({ sent, sourceSent, records, requests, resumePoint, end }: RelatedIdsPage) {
  return {
    ...{ resumePoint, firstSent: sent, firstSentSource: sourceSent, pages: 1, records, requests },
    ...{ counts: noCounts, done: resumePoint === null, endUncertain: end?.certain === false },
  };
}
