import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Knex } from 'knex';
import { endLostRun } from '../destination/runs/endLostRun';
import { ensureEntityTable, noticeEmptied } from '../destination/runs/entityTable';
import { fixPartitions } from '../destination/runs/parentParts';
import { sumParts } from '../destination/runs/runParts';
import { type EndStatus, endedAs, endRun, extendLease, type Run, claimRun as takeRun } from '../destination/runs/runs';
import { deletionsUnknownSince, hasStartedOver } from '../destination/runs/tokens';
import { assertAnyRead } from '../destination/runs/unreadParts';
import { type ErrorType, TidemarkError } from '../schema/errors';
import { type Slice, slicesOf } from '../schema/slice';
import type { RunOutcome, RunResult, RunStrategy, Target, Trigger } from '../schema/workflows';
import { assertComplete, ownRun } from './attempt/ownRun';
import { deltaResult, endDelta } from './delta/endDelta';
import { readAtOnce } from './delta/readAtOnce';
import { relatedFeeds } from './delta/relatedChanges';
import type { ActivityDeps } from './deps';
import { runEnded } from './metrics';
import type { OpenTarget, TargetOpener } from './openTarget';
import { partitionsFor } from './parents';
import { comparedRelated } from './reconciliation/scanRelated';
import { judgeFewer } from './records/fewer';
import { judgeLeftOut } from './records/leftOut';

export interface ClaimRunInput extends Target {
  readonly strategy: RunStrategy;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  readonly full: boolean;
}

/** What an activity that claims a run returns: the claimed run, or why there is none to go on with. */
export type ClaimedRun =
  | {
      readonly outcome: Exclude<RunOutcome, 'waiting'>;
      /** the run that holds the place; with `succeeded`, the workflow's own */
      readonly holder: string | null;
      /** of a delta that was done at once */
      readonly result?: RunResult;
      /** how long after it the rows that it left disputed can be settled; null where nothing can be fetched by id */
      readonly settleAfterMs?: number | null;
    }
  | {
      readonly outcome: 'claimed';
      readonly runId: string;
      /** what a delta reads: `all` the first time, when asked for, and where there is no `changes` */
      readonly listing: 'all' | 'changes';
      readonly partitions: readonly string[];
      /** of partitions that are records of another entity: the shares in which activities read them. Workflows of before know no such field */
      readonly slices?: readonly Slice[];
      readonly readLagMs: number;
      readonly hasOne: boolean;
      readonly hasIds: boolean;
      /** a reconciliation compares related records too. Histories of before have no such field */
      readonly comparesRelated?: boolean;
      /** partitions are read one after another: the order decides which of several records with one key counts */
      readonly inOrder?: boolean;
      readonly settleAfterMs: number | null;
    };

export interface EndRunInput {
  readonly runId: string;
  readonly status: Exclude<EndStatus, 'succeeded' | 'waiting'>;
  readonly errorType?: ErrorType;
  readonly error?: string;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Claims, ends and looks after runs. */
export function runActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;

  return {
    /** Claims the place of a run of any strategy. */
    async claimRun(input: ClaimRunInput): Promise<ClaimedRun> {
      return await claim(deps, openTarget, input);
    },

    /** Claims a delta's place and, where one page holds all changes, writes them and ends the run within this activity. */
    async beginOrFinishDelta(input: ClaimRunInput): Promise<ClaimedRun> {
      // a later attempt leaves the page to the ordinary pull, whose fence keeps the former attempt out
      const { attempt } = Context.current().info;
      return await claim(deps, openTarget, input, async (open, run) =>
        attempt === 1 ? await readAtOnce(deps, open, run) : undefined,
      );
    },

    /** Ends a run that did not succeed. The cursor stays where it is. */
    async endRun(input: EndRunInput): Promise<void> {
      // the type is what workflows are compiled against; what arrives is what a caller has typed
      const status: string = input.status;
      if (status === 'succeeded' || status === 'waiting') {
        throw new TidemarkError(
          'Usage',
          `Run ${input.runId} cannot be ended as ${status}: what it has done decides that`,
        );
      }
      runEnded(deps, await endRun(db, input.runId, input));
    },

    /** Ends a delta that has read everything: the run and the cursor in one transaction. */
    async finishDelta({ runId, connectionId, entity }: Target & { runId: string }): Promise<RunResult> {
      const open = await openTarget({ connectionId, entity }, 'delta');
      const claimed = await ownRun(db, { runId, connectionId, entity }, ['delta']);
      const pulled = await sumParts(db, runId, 'pull');
      if (claimed.status === 'running') {
        assertComplete(claimed, pulled, await partitionsFor(db, open, runId, 'pull'));
        if (open.entity.parents !== undefined) await assertAnyRead(db, claimed, 'pull');
        const signal = Context.current().cancellationSignal;
        await judgeFewer(deps, open, { runId }, { signal, onProgress: () => undefined });
        await judgeLeftOut(deps, open, { runId, writtenBy: `run ${runId}` });
      }
      const run = await db.transaction((trx) => endDelta(trx, open, runId));
      runEnded(deps, run);
      const result = await deltaResult(db, run);
      const fed = open.entity.listings.changes?.feed !== undefined;
      if (!fed || run.status !== 'succeeded' || !(await hasStartedOver(db, runId))) return result;
      const since = await deletionsUnknownSince(db, run);
      return { ...result, ...(since && { deletionsUnknownSince: since.toISOString() }) };
    },
  };
}

/**
 * Claims the run's place. A holder whose lease has expired is looked up in Temporal, and ended with the status that
 * Temporal reports once its workflow is over. `finishAtOnce` may end the claimed run before it is returned.
 */
async function claim(
  deps: ActivityDeps,
  openTarget: TargetOpener,
  input: ClaimRunInput,
  finishAtOnce?: (open: OpenTarget, run: Run) => Promise<RunResult | undefined>,
): Promise<ClaimedRun> {
  const { workflowExecution } = Context.current().info;
  const priority = input.strategy === 'reconciliation' ? 'reconciliation' : 'delta';
  const open = await openTarget(input, priority, { forFile: input.strategy === 'import' });
  const { connection, entity, partitions, readLagMs } = open;
  if (!connection.enabled) return { outcome: 'disabled', holder: null };
  // nothing is asked, and nothing fails again and again, until an operator gives others
  if (connection.needsCredentialsSince !== null && input.strategy !== 'import')
    return { outcome: 'needs-credentials', holder: null };
  await ensureEntityTable(deps.db, { connector: open.connector.name, entity });
  if (input.strategy === 'delta') await noticeEmptied(deps.db, input, entity);
  const settleAfterMs = entity.listings.one === undefined ? null : readLagMs + 500;
  const byOperator = ['backfill', 'remap', 'import'].includes(input.strategy);
  const wanted = {
    ...input,
    full: input.full || (!byOperator && entity.listings.changes === undefined),
    fullWithoutCursor: !byOperator,
    workflowId: workflowExecution?.workflowId ?? '',
    workflowRunId: workflowExecution?.runId ?? '',
  };
  for (;;) {
    const taken = await takeRun(deps.db, wanted);
    if ('ended' in taken) {
      return { ...(await endedAlready(deps.db, taken.ended, finishAtOnce !== undefined)), settleAfterMs };
    }
    if ('run' in taken) {
      const result = await finishAtOnce?.(open, taken.run);
      if (result) return { ...doneAtOnce(result), settleAfterMs };
      return {
        outcome: 'claimed',
        runId: taken.run.id,
        listing: taken.run.full ? 'all' : 'changes',
        partitions,
        ...(await slicesFor(deps, open, taken.run)),
        readLagMs,
        hasOne: entity.listings.one !== undefined,
        hasIds: entity.listings.ids !== undefined,
        ...(comparedRelated(entity).length > 0 && { comparesRelated: true }),
        ...((isOrdered(entity) || beginsRelated(entity, taken.run)) && { inOrder: true }),
        settleAfterMs,
      };
    }
    const { holder } = taken;
    if (!holder.leaseExpired || (await settleLostRun(deps, holder)) === 'running') {
      return { outcome: 'already-running', holder: holder.id };
    }
  }
}

/**
 * Fixes the partitions of a run that are records of another entity. Where nothing is known of them, the run ends as failed and the error
 * is thrown.
 */
async function slicesFor(
  { db, log, metrics }: ActivityDeps,
  { entity: { parents } }: OpenTarget,
  run: Run,
): Promise<{ readonly slices?: readonly Slice[] }> {
  if (parents === undefined || run.strategy === 'remap' || run.strategy === 'import') return {};
  try {
    const step = run.strategy === 'reconciliation' ? 'scan' : 'pull';
    return { slices: slicesOf(await fixPartitions(db, run, step, parents)) };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'ContractBroken') throw error;
    runEnded(
      { log, metrics },
      await endRun(db, run.id, { status: 'failed', errorType: error.type, error: error.message }),
    );
    throw error;
  }
}

function doneAtOnce(result: RunResult): Exclude<ClaimedRun, { outcome: 'claimed' }> {
  return { outcome: 'succeeded', holder: result.runId, result };
}

/** What an attempt gets whose run has ended: the former one succeeded at once, and was killed before it could say so. */
async function endedAlready(db: Knex, run: Run, atOnce: boolean): Promise<Exclude<ClaimedRun, { outcome: 'claimed' }>> {
  if (atOnce && run.status === 'succeeded') {
    return doneAtOnce(await deltaResult(db, run));
  }
  throw new TidemarkError(
    'FenceLost',
    `Run ${run.id} of ${run.connectionId}/${run.entity} has ended (${run.status}), and its workflow starts no other; this attempt stops`,
  );
}

/**
 * Asks Temporal about a run whose lease has expired. One that is still running (deferred, or its worker is down) keeps its
 * place; one that is over is ended as what it is.
 */
export async function settleLostRun(
  { db, temporal, log, metrics }: Pick<ActivityDeps, 'db' | 'temporal' | 'log' | 'metrics'>,
  run: Run,
): Promise<'running' | EndStatus> {
  const status = await workflowStatus(temporal, run);
  if (status === 'RUNNING') {
    await extendLease(db, run.id, 60_000);
    return 'running';
  }
  const ended = endedAs[status] ?? 'lost';
  log.warn(
    { connection: run.connectionId, entity: run.entity, run: run.id, status: ended },
    'a workflow ended without recording its run',
  );
  const lost = await endLostRun(db, run, ended);
  runEnded({ log, metrics }, lost);
  return ended;
}

async function workflowStatus(temporal: ActivityDeps['temporal'], run: Run): Promise<string> {
  try {
    const { status } = await temporal.workflow.getHandle(run.workflowId, run.workflowRunId).describe();
    return status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'UNKNOWN';
    throw error;
  }
}

/**
 * The first partition's pull has the first token of changed related records, which must be had before the related records of any partition are
 * read.
 */
function beginsRelated(entity: OpenTarget['entity'], { strategy }: Run): boolean {
  return strategy === 'delta' && relatedFeeds(entity).some(({ tokens }) => tokens);
}

function isOrdered({ duplicates }: OpenTarget['entity']): boolean {
  return duplicates !== undefined && duplicates.keep !== 'newest';
}
