import { randomUUID } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandleWithFirstExecutionRunId,
  type WorkflowHandleWithSignaledRunId,
} from '@temporalio/client';
import type { Knex } from 'knex';
import { endRun, runningRun } from '../../destination/runs/runs';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import { recordKey } from '../../schema/recordKey';
import {
  againSignal,
  type BackfillInput,
  type DeltaSyncInput,
  taskQueue as defaultTaskQueue,
  ids,
  type ReconciliationInput,
  type ReconciliationResult,
  type RemapInput,
  type RunResult,
  type RunStrategy,
  type SingleRecordInput,
  type SingleRecordResult,
  type SyncRecordsInput,
  type SyncRecordsResult,
  type Target,
  type Trigger,
  workflowNames,
} from '../../schema/workflows';
import { workflowPriority } from './priority';
import { stateOf } from './runState';
import { labels } from './searchAttributes';
import { temporalError } from './temporal';

/** What starting a workflow needs. Targets must be known: `findTarget` tells which are. */
export interface StartContext {
  readonly db: Knex;
  readonly client: Client;
  readonly taskQueue?: string | undefined;
}

export type StartedDelta = WorkflowHandleWithFirstExecutionRunId<(input: DeltaSyncInput) => Promise<RunResult>>;
export type StartedReconciliation = WorkflowHandleWithFirstExecutionRunId<
  (input: ReconciliationInput) => Promise<ReconciliationResult>
>;
export type StartedRecords = WorkflowHandleWithFirstExecutionRunId<
  (input: SyncRecordsInput) => Promise<SyncRecordsResult>
>;
export type StartedRecord = WorkflowHandleWithSignaledRunId<(input: SingleRecordInput) => Promise<SingleRecordResult>>;

/**
 * Starts a delta now, beside its schedule. Throws TidemarkError 'AlreadyRunning' when one is on for this connection and
 * entity. One that begins at the same moment wins or loses in Postgres: the loser's result says `already-running`.
 */
export async function startDelta(
  context: StartContext,
  { connectionId, entity }: Target,
  { full, trigger }: { readonly full?: boolean | undefined; readonly trigger: Trigger },
): Promise<StartedDelta> {
  const input: DeltaSyncInput = { connectionId, entity, ...(full ? { full } : {}), trigger };
  return startRun(context, 'delta', input, { name: workflowNames.deltaSync, workflowId: ids.delta(input) });
}

/** Starts a reconciliation now, beside its schedule. Throws as `startDelta` does. */
export async function startReconciliation(
  context: StartContext,
  { connectionId, entity }: Target,
  { dryRun, trigger }: { readonly dryRun?: boolean | undefined; readonly trigger: Trigger },
): Promise<StartedReconciliation> {
  const input: ReconciliationInput = { connectionId, entity, ...(dryRun ? { dryRun } : {}), trigger };
  const workflow = { name: workflowNames.reconciliation, workflowId: ids.reconciliation(input) };
  return startRun(context, 'reconciliation', input, workflow);
}

export type StartedBackfill = WorkflowHandleWithFirstExecutionRunId<(input: BackfillInput) => Promise<RunResult>>;
export type StartedRemap = WorkflowHandleWithFirstExecutionRunId<(input: RemapInput) => Promise<RunResult>>;

/** Reads what changed since an instant, whatever the cursor says, behind everything else. Throws as `startDelta` does. */
export async function startBackfill(
  context: StartContext,
  { connectionId, entity }: Target,
  { since, trigger }: { readonly since: Date; readonly trigger: Trigger },
): Promise<StartedBackfill> {
  const input: BackfillInput = { connectionId, entity, since: since.toISOString(), trigger };
  return startRun(context, 'backfill', input, { name: workflowNames.backfill, workflowId: ids.backfill(input) });
}

/** Rebuilds the typed columns from `raw`, without the source. Throws as `startDelta` does. */
export async function startRemap(
  context: StartContext,
  { connectionId, entity }: Target,
  { trigger }: { readonly trigger: Trigger },
): Promise<StartedRemap> {
  const input: RemapInput = { connectionId, entity, trigger };
  return startRun(context, 'remap', input, { name: workflowNames.remap, workflowId: ids.remap(input) });
}

/** Fetches one record now. When it is being fetched already, it is fetched once more: the same workflow's handle comes back. */
export async function startRecord(
  { client, taskQueue = defaultTaskQueue }: StartContext,
  { connectionId, entity, id }: { connectionId: string; entity: ConnectorEntity; id: string },
): Promise<StartedRecord> {
  const target: Target = { connectionId, entity: entity.name };
  const input: SingleRecordInput = { ...target, id };
  try {
    return await client.workflow.signalWithStart<(input: SingleRecordInput) => Promise<SingleRecordResult>>(
      workflowNames.singleRecord,
      {
        workflowId: ids.record(target, recordKey(entity, id)),
        taskQueue,
        args: [input],
        signal: againSignal,
        signalArgs: [],
        workflowIdConflictPolicy: 'USE_EXISTING',
        priority: workflowPriority('webhook', connectionId),
        ...(await labels(client, target, 'record')),
      },
    );
  } catch (error) {
    throw temporalError(error);
  }
}

/** So many ids go into a workflow's input, and so into its history. */
export const idsAtMost = 200;

/** Fetches some records now, at most `idsAtMost` by their ids, in one workflow. */
export async function startRecords(
  { client, taskQueue = defaultTaskQueue }: StartContext,
  { connectionId, entity }: Target,
  recordIds: readonly string[],
): Promise<StartedRecords> {
  const input: SyncRecordsInput = { connectionId, entity, batch: { of: 'ids', ids: recordIds } };
  try {
    return await client.workflow.start<(input: SyncRecordsInput) => Promise<SyncRecordsResult>>(
      workflowNames.syncRecords,
      {
        workflowId: ids.records(input, randomUUID()),
        taskQueue,
        args: [input],
        priority: workflowPriority('reconciliation', connectionId),
        ...(await labels(client, input, 'records')),
      },
    );
  } catch (error) {
    throw temporalError(error);
  }
}

async function startRun<Input extends Target, Result>(
  { db, client, taskQueue = defaultTaskQueue }: StartContext,
  strategy: RunStrategy,
  input: Input,
  { name, workflowId }: { name: string; workflowId: string },
): Promise<WorkflowHandleWithFirstExecutionRunId<(input: Input) => Promise<Result>>> {
  await refuseSecond({ db, client }, strategy, input);
  try {
    return await client.workflow.start<(input: Input) => Promise<Result>>(name, {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      priority: workflowPriority(strategy === 'remap' ? 'backfill' : strategy, input.connectionId),
      ...(await labels(client, input, strategy)),
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw alreadyRunning(strategy, input);
    throw temporalError(error);
  }
}

/**
 * Refuses when a run is on. A run that Postgres calls running although its workflow has ended is recorded as what became
 * of it, so that a crashed run never blocks the next one.
 */
async function refuseSecond(
  { db, client }: { db: Knex; client: Client },
  strategy: RunStrategy,
  target: Target,
): Promise<void> {
  const run = await runningRun(db, target, strategy);
  if (!run) return;
  const state = await stateOf({ db, client }, run);
  if (state === 'running') throw alreadyRunning(strategy, target, run.id, run.startedAt);
  await endRun(db, run.id, {
    status: state,
    errorType: state,
    error: `Its workflow ${run.workflowId} ended without recording the run: ${state}. Its rows stay, its cursor did not move; the next run goes on.`,
  });
}

function alreadyRunning(
  strategy: RunStrategy,
  { connectionId, entity }: Target,
  runId?: string,
  since?: Date,
): TidemarkError {
  const which = runId === undefined || since === undefined ? '' : `: run ${runId}, since ${since.toISOString()}`;
  return new TidemarkError(
    'AlreadyRunning',
    `A ${strategy} of ${connectionId}/${entity} is on already${which}. Nothing was started; 'tidemark status' shows how far it is.`,
  );
}
