import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Knex } from 'knex';
import { ensureTable } from '../destination/rows/tables';
import { sumParts } from '../destination/runs/runParts';
import { claimRun, type EndStatus, endedAs, endRun, extendLease, type Run } from '../destination/runs/runs';
import { TidemarkError } from '../schema/errors';
import type { RunOutcome, RunResult, RunStrategy, Target, Trigger } from '../schema/workflows';
import { deltaResult, endDelta } from './delta/endDelta';
import { readAtOnce } from './delta/readAtOnce';
import type { ActivityDeps } from './deps';
import { runEnded } from './metrics';
import type { OpenTarget } from './openTarget';

export interface BeginRunInput extends Target {
  readonly strategy: RunStrategy;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  readonly full: boolean;
  /** a delta: where one page holds all changes, the run is done and ended within this activity */
  readonly atOnce?: boolean;
}

export type BegunRun =
  | {
      readonly outcome: Exclude<RunOutcome, 'waiting'>;
      /** the run that holds the place; with `succeeded`, the workflow's own */
      readonly holder: string | null;
      /** of a delta that was done at once */
      readonly result?: RunResult;
    }
  | {
      readonly outcome: 'begun';
      readonly runId: string;
      /** what a delta reads: `all` the first time, when asked for, and where there is no `changes` */
      readonly listing: 'all' | 'changes';
      readonly partitions: readonly string[];
      readonly readLagMs: number;
      readonly hasOne: boolean;
      readonly hasIds: boolean;
    };

export interface EndRunInput {
  readonly runId: string;
  readonly status: EndStatus;
  readonly errorType?: string;
  readonly error?: string;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Claims, ends and looks after runs. */
export function runActivities(
  deps: ActivityDeps,
  openTarget: (target: Target, priority: 'delta' | 'reconciliation') => Promise<OpenTarget>,
) {
  const { db } = deps;

  return {
    /** Claims the run's place. A holder whose lease has expired is looked up in Temporal, and ended as what it is when it is over. */
    async beginRun(input: BeginRunInput): Promise<BegunRun> {
      const { workflowExecution, attempt } = Context.current().info;
      const open = await openTarget(input, input.strategy === 'reconciliation' ? 'reconciliation' : 'delta');
      const { connection, entity, partitions, readLagMs } = open;
      if (!connection.enabled) return { outcome: 'disabled', holder: null };
      await ensureTable(db, entity);
      const byOperator = input.strategy === 'backfill' || input.strategy === 'remap';
      const claim = {
        ...input,
        full: input.full || (!byOperator && entity.listings.changes === undefined),
        fullWithoutCursor: !byOperator,
        workflowId: workflowExecution?.workflowId ?? '',
        workflowRunId: workflowExecution?.runId ?? '',
      };
      for (;;) {
        const claimed = await claimRun(db, claim);
        if ('ended' in claimed) return await endedAlready(db, claimed.ended, input.atOnce);
        if ('run' in claimed) {
          // a later attempt leaves it to the ordinary pull, whose fence keeps the former out
          const result = input.atOnce && attempt === 1 ? await readAtOnce(deps, open, claimed.run) : undefined;
          if (result) return doneAtOnce(result);
          return {
            outcome: 'begun',
            runId: claimed.run.id,
            listing: claimed.run.full ? 'all' : 'changes',
            partitions,
            readLagMs,
            hasOne: entity.listings.one !== undefined,
            hasIds: entity.listings.ids !== undefined,
          };
        }
        const { holder } = claimed;
        if (!holder.leaseExpired || (await settleLostRun(deps, holder)) === 'running') {
          return { outcome: 'already-running', holder: holder.id };
        }
      }
    },

    /** Ends a run that did not succeed. The cursor stays where it is. */
    async endRun(input: EndRunInput): Promise<void> {
      runEnded(deps, await endRun(db, input.runId, input));
    },

    /** Ends a delta that has read everything: the run and the cursor in one transaction. */
    async finishDelta({ runId, connectionId, entity }: Target & { runId: string }): Promise<RunResult> {
      const open = await openTarget({ connectionId, entity }, 'delta');
      const run = await endDelta(db, open, runId, await sumParts(db, runId, 'pull'));
      runEnded(deps, run);
      return await deltaResult(db, run);
    },
  };
}

function doneAtOnce(result: RunResult): BegunRun {
  return { outcome: 'succeeded', holder: result.runId, result };
}

/** What an attempt gets whose run has ended: the former one succeeded at once, and was killed before it could say so. */
async function endedAlready(db: Knex, run: Run, atOnce = false): Promise<BegunRun> {
  if (atOnce && run.status === 'succeeded') {
    return doneAtOnce(await deltaResult(db, run));
  }
  throw new TidemarkError(
    'FenceLost',
    `Run ${run.id} of ${run.connectionId}/${run.entity} has ended (${run.status}), and its workflow begins no other; this attempt stops`,
  );
}

/**
 * Asks Temporal about a run whose lease has expired. One that is still on (parked, or its worker is down) keeps its
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
    'a run had ended without saying so',
  );
  const lost = await endRun(db, run.id, {
    status: ended,
    errorType: 'Lost',
    error: `The run ended without saying so; Temporal says its workflow is ${status.toLowerCase().replace('_', ' ')}. The next run goes on.`,
  });
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
