import type { Client, WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import type { Knex } from 'knex';
import { endLostRun } from '../../destination/runs/endLostRun';
import { type Run, runningRun } from '../../destination/runs/runs';
import { TidemarkError } from '../../schema/errors';
import { againSignal, taskQueue as defaultTaskQueue, type Target } from '../../schema/workflows';
import { workflowPriority } from './priority';
import { stateOf } from './runState';
import { labels } from './searchAttributes';
import { temporalError } from './temporal';
import type { Startable } from './workflows';

/** What starting a workflow needs. Targets must be known: `findTarget` checks them. */
export interface StartContext {
  readonly db: Knex;
  readonly client: Client;
  readonly taskQueue?: string | undefined;
}

/** One execution that was started, or that was running already and takes this order too. */
export interface Started<Result> {
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly handle: WorkflowHandle<() => Promise<Result>>;
  /** Waits for the end. Throws what the workflow failed with. */
  result(): Promise<Result>;
}

/** Temporal's client tries for minutes; a caller rather tries again. */
const startWithinMs = 10_000;

/**
 * Starts a workflow: the one place where clients do so. Throws TidemarkError 'AlreadyRunning' where one that admits no second
 * is running, 'TemporalUnavailable' within seconds. Two that begin at the same instant are settled in PostgreSQL: the loser's
 * result says `already-running`.
 */
export async function startWorkflow<Input extends Target, Result>(
  { db, client, taskQueue = defaultTaskQueue }: StartContext,
  startable: Startable<Input, Result>,
  input: Input,
): Promise<Started<Result>> {
  const { name, workflowId, strategy, run, whileRunning, priority, timeout } = startable;
  const { connectionId, entity } = input;
  if (run !== undefined) await refuseSecond({ db, client }, startable, { connectionId, entity });
  try {
    return await client.withDeadline(Date.now() + startWithinMs, async () => {
      const options = {
        workflowId: workflowId(input),
        taskQueue,
        args: [input] as unknown as [],
        workflowIdConflictPolicy: whileRunning === 'refuse' ? 'FAIL' : 'USE_EXISTING',
        ...(timeout === undefined ? {} : { workflowExecutionTimeout: timeout }),
        priority: workflowPriority(priority, connectionId),
        ...(await labels(client, input, strategy)),
      } satisfies WorkflowStartOptions;
      const workflowRunId = await runIdOf(client, name, options, whileRunning === 'again');
      const handle = client.workflow.getHandle<() => Promise<Result>>(options.workflowId, workflowRunId);
      return { workflowId: options.workflowId, workflowRunId, handle, result: () => handle.result() };
    });
  } catch (error) {
    const { WorkflowExecutionAlreadyStartedError } = await import('@temporalio/client');
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw alreadyRunning(startable, input);
    throw temporalError(error);
  }
}

async function runIdOf(
  client: Client,
  name: string,
  options: WorkflowStartOptions & { readonly args: [] },
  again: boolean,
): Promise<string> {
  if (!again) return (await client.workflow.start<() => Promise<unknown>>(name, options)).firstExecutionRunId;
  const signal = { signal: againSignal, signalArgs: [] as [] };
  return (await client.workflow.signalWithStart<() => Promise<unknown>>(name, { ...options, ...signal })).signaledRunId;
}

/**
 * Refuses while a run is running. A run that PostgreSQL calls running although its workflow has ended is recorded as it ended, so that a
 * crashed run never blocks the next one.
 */
async function refuseSecond<Input extends Target, Result>(
  { db, client }: { readonly db: Knex; readonly client: Client },
  startable: Startable<Input, Result>,
  target: Target,
): Promise<void> {
  const run = startable.run && (await runningRun(db, target, startable.run));
  if (!run) return;
  const state = await stateOf({ db, client }, run);
  if (state === 'running')
    throw alreadyRunning(startable, target, `: run ${run.id}, since ${run.startedAt.toISOString()}${waitOf(run)}`);
  await endLostRun(db, run, state);
}

function waitOf({ connectionId, waitingUntil, waitingReason }: Run): string {
  return waitingUntil === null
    ? ''
    : `. It waits until ${waitingUntil.toISOString()} because of this: ${waitingReason}. If the source works again, use 'tidemark resume ${connectionId}'`;
}

function alreadyRunning(
  { strategy, run }: Pick<Startable<Target, unknown>, 'strategy' | 'run'>,
  { connectionId, entity }: Target,
  which = '',
): TidemarkError {
  const hint = run === undefined ? '' : "; 'tidemark status' shows its progress";
  return new TidemarkError(
    'AlreadyRunning',
    `A ${strategy} of ${connectionId}/${entity} is already running${which}. Nothing was started${hint}.`,
  );
}
