import { Context, sleep } from '@temporalio/activity';
import type { Knex } from 'knex';
import { claimOpenIds, finishEvents } from '../../destination/inbox/inbox';
import { parkEvents } from '../../destination/inbox/inboxCare';
import { gatheredForMs } from '../../destination/inbox/inboxPauses';
import { dueOwed } from '../../destination/owed/owed';
import { ownPlan } from '../../destination/plans/planRights';
import { closeItems, openItems, runOfPlan } from '../../destination/plans/plans';
import { stagingTable } from '../../destination/plans/staging';
import { countDisputed, dueDisputes } from '../../destination/rows/disputes';
import { addToBatch, type BatchKey, DoneMeanwhile, sumOfBatch } from '../../destination/runs/batchCounts';
import { addFetched } from '../../destination/runs/runParts';
import type { Counts } from '../../schema/answer';
import type { Batch, SingleRecordInput, SyncRecordsInput, Target } from '../../schema/workflows';
import { alive } from '../attempt/liveness';
import { startSurvivingLiveness } from '../attempt/survivingLiveness';
import type { ActivityDeps } from '../deps';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { type Fetched, fetchRecords, outcomeOf } from './fetchRecords';
import { judgeFewer } from './fewer';
import { judgeLeftOut } from './leftOut';
import { fetchOwed } from './owed';
import { withTable } from './withTable';

export interface FetchedRecord {
  readonly outcome: ReturnType<typeof outcomeOf> | 'unknown-record';
  /** milliseconds after which the row, which is disputed now, is to be asked for again; null when it is settled */
  readonly askAgainAfterMs: number | null;
}

export interface FetchedBatch {
  readonly counts: Counts;
  readonly fetches: number;
  /** rows of this connection's entity that are disputed now, by any writer */
  readonly disputed: number;
}

/** At most this many ids are fetched and written together. */
const chunk = 50;
/** Of related records, which are read for several records with one request. */
const owedAtOnce = 500;
/** To find out which are open takes a look at all that are: it is done for several chunks at once. */
const claimed = 10 * chunk;
/** A drain looks again for a moment before it ends, so that a burst stays one activity; and waits for what is being gathered. */
const idleRounds = 4;
const idleMs = 100;

/** Fetches records by id: one, or a batch that is given by reference. */
export function recordActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  return {
    /** `one` → upsert, or gone → soft delete; ends the record's open inbox events in the same transaction. */
    async syncRecord({ connectionId, entity, id }: SingleRecordInput): Promise<FetchedRecord> {
      const target = { connectionId, entity };
      const open = await openTarget(target, 'webhook');
      if (!open.entity.listings.one) return { outcome: 'unknown-record', askAgainAfterMs: null };
      const since = deps.clock.sent();
      const fetched = await alive(() =>
        withTable(deps, open, () =>
          fetchRecords(deps, open, [id], {
            runId: null,
            writtenBy: 'webhook',
            signal: Context.current().cancellationSignal,
            alongside: (trx, fetched) => endEvents(trx, deps, target, [id], fetched),
          }),
        ),
      );
      const signal = Context.current().cancellationSignal;
      await alive(async () => {
        await judgeFewer(deps, open, { runId: null, since }, { signal, onProgress: () => undefined });
        if (open.entity.related !== undefined || fetched.counts.skipped + fetched.counts.excluded > 0)
          await judgeLeftOut(deps, open, { runId: null, writtenBy: 'webhook' });
      });
      return {
        outcome: outcomeOf(fetched.counts),
        askAgainAfterMs: fetched.disputed.length > 0 ? open.readLagMs : null,
      };
    },

    /** Works through the inbox, a plan's missing and stale records, the disputed rows that are due, or a few ids. */
    async syncBatch(input: SyncRecordsInput): Promise<FetchedBatch> {
      const open = await openTarget(input, input.batch.of === 'inbox' ? 'webhook' : 'reconciliation');
      const plan =
        input.batch.of === 'plan' ? await ownPlan(deps.db, { ...input, planId: input.batch.planId }) : undefined;
      const staging = plan && stagingTable(plan.runId, 'scan');
      const signal = Context.current().cancellationSignal;
      const key = batchKeyOf(input);
      const since = deps.clock.sent();
      const batch = sourceOfIds(deps, open, input.batch, key);
      const liveness = startSurvivingLiveness(
        `The records of ${input.connectionId}/${input.entity} that are fetched by id (${input.batch.of})`,
      );
      let { fetches } = await sumOfBatch(deps.db, key);
      try {
        for (let idle = 0; idle < batch.idleRounds; ) {
          const ids = await batch.next();
          if (ids.length === 0) {
            const gatheredMs = await batch.gatheredMs();
            if (gatheredMs === null) idle += 1;
            // others may come meanwhile, which don't wait
            if (idle < batch.idleRounds) await sleep(Math.min(idleMs, gatheredMs ?? idleMs));
            continue;
          }
          idle = 0;
          if (input.batch.of === 'owed') {
            const alongside = (trx: Knex, counts: Counts, done: number) => addToBatch(trx, key, { done, counts });
            const options = { runId: null, writtenBy: batch.writtenBy, signal, alongside };
            fetches += (await withTable(deps, open, () => fetchOwed(deps, open, ids, options))).fetches;
            liveness.progress({ fetches });
            continue;
          }
          const from = batch.from?.();
          const fetched = await withTable(deps, open, () =>
            fetchRecords(deps, open, ids, {
              runId: null,
              writtenBy: batch.writtenBy,
              signal,
              staging,
              alongside: async (trx, answered) => {
                await endEvents(trx, deps, input, ids, answered);
                const { failed, counts } = answered;
                if (input.batch.of !== 'plan') await addToBatch(trx, key, { done: ids.length, from, counts });
                if (input.batch.of === 'disputes' && input.batch.runId !== undefined) {
                  const run = { runId: input.batch.runId, step: 'disputes' };
                  await addFetched(trx, run, { records: ids.length, counts });
                }
                if (input.batch.of !== 'plan') return;
                const outcome = (id: string) => (failed.has(id) ? 'failed' : 'fetched');
                const closed = await closeItems(
                  trx,
                  input.batch.planId,
                  ids.map((id) => ({ id, outcome: outcome(id), detail: failed.get(id) ?? '' })),
                );
                const runId = await runOfPlan(trx, input.batch.planId);
                if (closed > 0 && runId !== null) {
                  await addFetched(trx, { runId, step: 'fetch' }, { records: ids.length, counts });
                  await addToBatch(trx, key, { done: ids.length, counts });
                }
              },
            }),
          ).catch((error: unknown) => {
            if (error instanceof DoneMeanwhile) return null;
            throw error;
          });
          if (fetched === null) continue;
          batch.unanswered(fetched.unanswered);
          fetches += fetched.fetches;
          liveness.progress({ fetches });
        }
        const onProgress = () => liveness.progress({ fetches });
        if (input.batch.of !== 'plan') {
          await judgeFewer(deps, open, { runId: null, since }, { signal, onProgress });
          await judgeLeftOut(deps, open, { runId: null, writtenBy: batch.writtenBy, onProgress });
        }
        // of all attempts: this one may have begun where another was lost
        const { counts, fetches: committed } = await sumOfBatch(deps.db, key);
        return { counts, fetches: committed, disputed: await countDisputed(deps.db, input.connectionId, open.entity) };
      } catch (error) {
        liveness.failed();
        throw error;
      } finally {
        liveness.stop();
      }
    },
  };
}

/**
 * Ends the open events of the records that were answered. Those of the others stay open, and are driven again, until they have
 * waited long enough to be parked for a person to see.
 */
async function endEvents(
  trx: Knex,
  { giveUpAfterMs }: ActivityDeps,
  target: Target,
  ids: readonly string[],
  { counts, unanswered, failed, sent }: Fetched,
): Promise<void> {
  const answered = ids.filter((id) => !unanswered.has(id));
  await finishEvents(trx, target, answered, sent, ids.length === 1 ? outcomeOf(counts) : 'synced');
  for (const id of unanswered) await parkEvents(trx, target, [id], sent - giveUpAfterMs, failed.get(id) ?? '');
}

/** This activity, whichever attempt of it. */
function batchKeyOf({ connectionId }: Target): BatchKey {
  const { workflowExecution, activityId } = Context.current().info;
  return { connectionId, workflowRunId: workflowExecution?.runId ?? '', activityId };
}

interface Ids {
  readonly writtenBy: string;
  readonly idleRounds: number;
  next(): Promise<string[]>;
  /** the place of the ids that came last, in a given list */
  from?(): number;
}

/** Where a batch's next ids come from; each is empty when there are none left. */
function sourceOfIds(deps: ActivityDeps, open: OpenTarget, batch: Batch, key: BatchKey) {
  /** what the source says nothing about is not asked again at once */
  const without: string[] = [];
  const ids: Ids = idsOf(deps, open, batch, without, key);
  return {
    ...ids,
    unanswered: (ids: Iterable<string>) => void without.push(...ids),
    /** null when nothing more is to come */
    gatheredMs: async () => (batch.of === 'inbox' ? gatheredForMs(deps.db, open.target, without) : null),
  };
}

function idsOf(
  { db }: ActivityDeps,
  { target, entity, readLagMs }: OpenTarget,
  batch: Batch,
  without: string[],
  key: BatchKey,
): Ids {
  switch (batch.of) {
    case 'inbox': {
      let found: string[] = [];
      return {
        writtenBy: 'webhook',
        idleRounds,
        next: async () => {
          if (found.length === 0) found = await claimOpenIds(db, target, claimed, without);
          return found.splice(0, chunk);
        },
      };
    }
    case 'plan':
      return {
        writtenBy: `plan ${batch.planId}`,
        idleRounds: 1,
        next: () => openItems(db, batch.planId, ['missing', 'stale'], chunk),
      };
    case 'disputes': {
      // Each row once: one that is disputed again is due after another read lag.
      const seen = new Set<string>();
      return {
        writtenBy: 'dispute',
        idleRounds: 1,
        next: async () => {
          const due = (await dueDisputes(db, target.connectionId, entity, readLagMs, chunk)).filter(
            (id) => !seen.has(id),
          );
          for (const id of due) seen.add(id);
          return due;
        },
      };
    }
    case 'owed':
      return {
        writtenBy: 'owed',
        idleRounds: 1,
        next: () => dueOwed(db, target, owedAtOnce),
      };
    case 'ids': {
      let done = 0;
      return {
        writtenBy: 'cli',
        idleRounds: 1,
        next: async () => {
          ({ done } = await sumOfBatch(db, key));
          return batch.ids.slice(done, done + chunk);
        },
        from: () => done,
      };
    }
  }
}
