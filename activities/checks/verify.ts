import { Context, sleep } from '@temporalio/activity';
import { codeOf } from '../../destination/database/errorCode';
import { countLiveRows, coverageOf, judgedBy, silentIn } from '../../destination/plans/coverage';
import { horizonOf } from '../../destination/plans/horizon';
import { createStaging, dropStaging, encodeIds, stageIds, stagingOfVerify } from '../../destination/plans/staging';
import { parentsOfRows } from '../../destination/rows/parents';
import { type ComparedRow, compareRows } from '../../destination/rows/queries/compareRows';
import {
  countLive,
  liveIdsAmong,
  sampleLiveIds,
  uneditedAmong,
  unstagedLiveIds,
} from '../../destination/rows/queries/liveIds';
import { tableExists } from '../../destination/rows/tables';
import { getCursor } from '../../destination/runs/cursors';
import type { LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import type { Coverage } from '../../schema/coverage';
import type { RecordDifference, VerifyInput, VerifyResult } from '../../schema/definition/checks';
import { heldBackMs } from '../../schema/definition/listings/listing';
import { TidemarkError } from '../../schema/errors';
import { PartitionUnread } from '../../schema/unreadPartition';
import { instantOfVersion, type Version } from '../../schema/version';
import { startLiveness } from '../attempt/liveness';
import type { ActivityDeps } from '../deps';
import { inParallel } from '../inParallel';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { partitionsNow } from '../parents';
import { relate } from '../records/related';

/** Together asked, or compared. */
const chunk = 50;
/** At most this many differences are fetched again, or unlisted rows fetched; the rest is reported as it was found. */
const askedAgainAtMost = 500;
const shownAtMost = 50;
/** Beyond the read lag, until an answer is newer than what a replica may still have shown. */
const afterLagMs = 500;

/** What has been found so far; a difference is kept here until it is fetched again. */
interface Tally {
  compared: number;
  pending: number;
  unclear: number;
  uncertainEnds: number;
  readonly differences: Map<string, RecordDifference>;
  /** beyond those kept by id */
  more: number;
}

/** Compares table and source, record by record and column by column. Writes nothing. */
export function verifyActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    async verify(input: VerifyInput): Promise<VerifyResult> {
      const target = { connectionId: input.connectionId, entity: input.entity };
      const open = await openTarget(target, 'reconciliation');
      refuseReplaced(open);
      const all = input.sample === null;
      const tally: Tally = {
        ...{ compared: 0, pending: 0, unclear: 0, uncertainEnds: 0, more: 0 },
        differences: new Map(),
      };
      if (!(await tableExists(db, open.entity)))
        return { ...target, all, ...counted(tally), askedAgain: 0, liveRows: 0 };
      const liveness = startLiveness();
      const judge = judgeOf(deps, open, tally, (await getCursor(db, target))?.getTime() ?? null, () =>
        liveness.progress({ records: tally.compared }),
      );
      try {
        const coverage = input.sample === null ? await everything(deps, open, judge, tally) : undefined;
        if (input.sample !== null)
          await judge.ask(await sampleLiveIds(db, target.connectionId, open.entity, input.sample));
        const doubtful = [...tally.differences.keys()].slice(0, askedAgainAtMost);
        if (doubtful.length > 0 && open.entity.listings.one) {
          await sleep(open.readLagMs + afterLagMs);
          await judge.ask(doubtful);
        }
        const liveRows = await countLive(db, target.connectionId, open.entity);
        const askedAgain = open.entity.listings.one ? doubtful.length : 0;
        return { ...target, all, ...counted(tally), askedAgain, liveRows, ...(coverage !== undefined && { coverage }) };
      } finally {
        liveness.stop();
      }
    },
  };
}

/** Which of its day's lines a line is shows in a whole list only, and a reconciliation compares those. */
function refuseReplaced({ entity, target }: OpenTarget): void {
  if (entity.replaced === undefined) return;
  throw new TidemarkError(
    'Usage',
    `${target.connectionId}/${entity.name}: its lines have no ids (replaced), so they cannot be verified one by one. Run \`tidemark reconcile\`, which replaces every day`,
  );
}

function counted({ compared, pending, unclear, uncertainEnds, differences, more }: Tally) {
  const shown = [...differences.values()].slice(0, shownAtMost);
  const ends = uncertainEnds > 0 ? { uncertainEnds } : {};
  return { compared, pending, unclear, ...ends, differing: differences.size + more, differences: shown };
}

type Judge = ReturnType<typeof judgeOf>;

function judgeOf(deps: ActivityDeps, open: OpenTarget, tally: Tally, cursor: number | null, onProgress: () => void) {
  const { entity, target } = open;
  const note = (difference: RecordDifference) => {
    if (tally.differences.size < askedAgainAtMost || tally.differences.has(difference.id))
      tally.differences.set(difference.id, difference);
    else tally.more += 1;
  };
  /** A record that is judged again, after the read lag, was counted before. */
  const forget = (id: string) => {
    if (tally.differences.delete(id)) tally.compared -= 1;
  };

  /** Changed at the source after the cursor. */
  const isLate = (version: Version) =>
    entity.deltaSyncField?.kind === 'instant' &&
    version !== null &&
    cursor !== null &&
    instantOfVersion(version) >= cursor;

  /** Of records that the mapping leaves out, there must be no live row; of the others that are set aside nothing can be said. */
  async function compareAside(aside: readonly SetAsideAnswer[]): Promise<void> {
    const skips = aside.flatMap(({ id, reason, version = null }) =>
      id !== null && reason === 'skipped' ? [{ id, version }] : [],
    );
    tally.unclear += aside.length - skips.length;
    const ids = skips.map(({ id }) => id);
    // a row stays that carries a user's edits
    const live = await uneditedAmong(deps.db, target.connectionId, entity, ids);
    const wrong = new Set(live);
    for (const { id, version } of skips) {
      forget(id);
      if (wrong.has(id) && isLate(version)) {
        tally.pending += 1;
        continue;
      }
      tally.compared += 1;
      if (wrong.has(id)) note({ id, found: 'skipped', columns: [] });
    }
  }

  async function compare(shown: readonly LiveAnswer[]): Promise<void> {
    const live = await related(shown);
    const versions = new Map(live.map(({ id, version }) => [id, version]));
    for (const { id, row, columns } of await compareWhatFits(deps, open, live, () => (tally.unclear += 1))) {
      forget(id);
      if (row !== 'equal' && isLate(versions.get(id) ?? null)) {
        tally.pending += 1;
        continue;
      }
      tally.compared += 1;
      if (row !== 'equal') note({ id, found: row, columns });
    }
    onProgress();
  }

  /** With their related records; those of which they could not be read prove nothing, and those that are left out are judged apart. */
  async function related(shown: readonly LiveAnswer[]): Promise<readonly LiveAnswer[]> {
    const asked = { sent: 0, received: 0, live: shown, gone: [], setAside: [] };
    const { answers } = await relate(deps, open, [asked], Context.current().cancellationSignal);
    const made = answers.flatMap(({ live }) => live.filter(({ mapWith }) => mapWith === undefined));
    const aside = answers.flatMap(({ setAside }) => setAside);
    await compareAside(aside);
    tally.unclear += shown.length - made.length - aside.length;
    return made;
  }

  /** Asks `one` for each id; the ids have live rows, or had. */
  async function ask(ids: readonly string[]): Promise<void> {
    const { cancellationSignal } = Context.current();
    const parents = await parentsOfRows(deps.db, target.connectionId, entity, ids);
    for (let from = 0; from < ids.length; from += chunk) {
      const live: LiveAnswer[] = [];
      const gone: string[] = [];
      await inParallel(ids.slice(from, from + chunk), open.connector.rateLimit?.concurrency ?? 4, async (id) => {
        const said = await open.source.ask(open.entity, id, { signal: cancellationSignal, parent: parents.get(id) });
        if (said.kind === 'live') live.push(said.live);
        else if (said.kind === 'gone') gone.push(id);
        else if (said.kind === 'set-aside' && said.setAside.reason === 'skipped') await compareAside([said.setAside]);
        else {
          forget(id);
          tally.unclear += 1;
        }
        onProgress();
      });
      await compare(live);
      const stillLive = new Set(await liveIdsAmong(deps.db, target.connectionId, entity, gone));
      for (const id of gone) {
        forget(id);
        tally.compared += 1;
        if (stillLive.has(id)) note({ id, found: 'gone', columns: [] });
      }
    }
  }

  return { compare, compareAside, ask, note };
}

/** One bad value must not keep the others from being compared: a batch that PostgreSQL refuses is split. */
async function compareWhatFits(
  deps: ActivityDeps,
  open: OpenTarget,
  live: readonly LiveAnswer[],
  onRefused: () => void,
): Promise<ComparedRow[]> {
  try {
    return await compareRows(deps.db, open.target, open.entity, live);
  } catch (error) {
    // SQLSTATE class 22: what is wrong is the data
    if (!codeOf(error)?.startsWith('22')) throw error;
    if (live.length <= 1) {
      onRefused();
      return [];
    }
    const middle = Math.ceil(live.length / 2);
    const first = await compareWhatFits(deps, open, live.slice(0, middle), onRefused);
    return [...first, ...(await compareWhatFits(deps, open, live.slice(middle), onRefused))];
  }
}

/** Of several records with one key, those that may be the one that counts: see the entity's `duplicates`. Keeps each key in memory. */
function countingOf({ duplicates }: OpenTarget['entity']): (live: readonly LiveAnswer[]) => readonly LiveAnswer[] {
  if (duplicates === undefined) return (live) => live;
  const { keep } = duplicates;
  const seen = new Map<string, string>();
  return (live) => {
    const chosen = new Map<string, LiveAnswer>();
    for (const answer of live) {
      const [before, version] = [seen.get(answer.id), answer.version ?? ''];
      if (before !== undefined && (keep === 'first' || (keep === 'newest' && version <= before))) continue;
      seen.set(answer.id, version);
      chosen.set(answer.id, answer);
    }
    return [...chosen.values()];
  };
}

/** Lists the source, compares page by page, and asks for the rows that were not listed. Returns what the list covered. */
async function everything(deps: ActivityDeps, open: OpenTarget, judge: Judge, tally: Tally): Promise<Coverage | null> {
  const { db } = deps;
  const { entity, target, source } = open;
  const partitions = await partitionsNow(db, open);
  const unread = new Set<string>();
  const signal = Context.current().cancellationSignal;
  const table = stagingOfVerify(target);
  const started = deps.clock.sent();
  const counting = countingOf(entity);
  const listed = new Map(partitions.map(({ partition }) => [partition, 0]));
  await dropStaging(db, table);
  await createStaging(db, table);
  try {
    for (const where of partitions) {
      const { partition } = where;
      try {
        for await (const page of source.streamAll(entity, 'all', { ...where, signal })) {
          const ids = await page.listed();
          listed.set(partition, (listed.get(partition) ?? 0) + ids.length);
          await db.transaction((trx) => stageIds(trx, table, [encodeIds(ids, ids.length)]));
          for await (const { live, setAside } of page.answers()) {
            await judge.compareAside(setAside);
            await judge.compare(counting(live));
          }
          if (page.end?.certain === false) tally.uncertainEnds += 1;
        }
      } catch (error) {
        if (!(error instanceof PartitionUnread)) throw error;
        unread.add(partition);
      }
    }
    const horizon = await horizonOf(db, entity, 'all', { at: started, timeZone: open.connection.timeZone });
    const unlisted = await unstagedLiveIds(db, target.connectionId, entity, {
      table,
      before: new Date(started - open.readLagMs - heldBackMs(entity.listings.all)),
      limit: askedAgainAtMost,
      judged: judgedBy(entity, withoutUnread(listed, unread), horizon),
    });
    if (entity.listings.one) await judge.ask(unlisted);
    // absence from a list that may go on says nothing
    else if (tally.uncertainEnds > 0) tally.unclear += unlisted.length;
    else {
      for (const id of unlisted) {
        tally.compared += 1;
        judge.note({ id, found: 'gone', columns: [] });
      }
    }
    const live = await countLiveRows(db, target, entity, horizon);
    const held = new Map([...silentIn(live, listed)].filter(([name]) => name === null || !unread.has(name)));
    return coverageOf(live, listed, horizon, { held, unread, ended: new Set() });
  } finally {
    await dropStaging(db, table);
  }
}

/** What was listed of a parent before the source refused the rest says nothing of the rows that it did not list. */
function withoutUnread(listed: ReadonlyMap<string, number>, unread: ReadonlySet<string>): ReadonlyMap<string, number> {
  return new Map([...listed].map(([name, ids]) => [name, unread.has(name) ? 0 : ids]));
}
