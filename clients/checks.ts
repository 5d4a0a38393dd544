import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandleWithFirstExecutionRunId,
} from '@temporalio/client';
import type { ProbeInput, ProbeResult, VerifyInput, VerifyResult } from '../schema/definition/checks';
import { TidemarkError } from '../schema/errors';
import { taskQueue as defaultTaskQueue, ids, type Target, workflowNames } from '../schema/workflows';
import { workflowPriority } from './temporal/priority';
import { labels } from './temporal/searchAttributes';
import { temporalError } from './temporal/temporal';

export interface CheckContext {
  readonly client: Client;
  readonly taskQueue?: string | undefined;
}

export type StartedProbe = WorkflowHandleWithFirstExecutionRunId<(input: ProbeInput) => Promise<ProbeResult>>;
export type StartedVerify = WorkflowHandleWithFirstExecutionRunId<(input: VerifyInput) => Promise<VerifyResult>>;

/** Probes an entity's API; writes nothing. Throws TidemarkError 'AlreadyRunning' while one is on, 'TemporalUnavailable'. */
export async function startProbe(context: CheckContext, { connectionId, entity }: Target): Promise<StartedProbe> {
  const input: ProbeInput = { connectionId, entity };
  return start(context, 'probe', input, {
    name: workflowNames.probe,
    workflowId: ids.probe(input),
    timeout: '10 minutes',
  });
}

/** Compares table and source; writes nothing. `sample` null: everything. Throws as `startProbe` does. */
export async function startVerify(
  context: CheckContext,
  { connectionId, entity }: Target,
  sample: number | null,
): Promise<StartedVerify> {
  const input: VerifyInput = { connectionId, entity, sample };
  return start(context, 'verify', input, {
    name: workflowNames.verify,
    workflowId: ids.verify(input),
    timeout: '1 day',
  });
}

interface Check {
  readonly name: string;
  readonly workflowId: string;
  /** a source that cannot be reached is asked again and again; nobody waits longer than this for it */
  readonly timeout: '10 minutes' | '1 day';
}

async function start<Input extends Target, Result>(
  { client, taskQueue = defaultTaskQueue }: CheckContext,
  what: string,
  input: Input,
  { name, workflowId, timeout }: Check,
): Promise<WorkflowHandleWithFirstExecutionRunId<(input: Input) => Promise<Result>>> {
  const { connectionId, entity } = input;
  try {
    return await client.workflow.start<(input: Input) => Promise<Result>>(name, {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowExecutionTimeout: timeout,
      priority: workflowPriority('reconciliation', connectionId),
      ...(await labels(client, input, what)),
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new TidemarkError(
        'AlreadyRunning',
        `A ${what} of ${connectionId}/${entity} is on already; nothing was started`,
      );
    }
    throw temporalError(error);
  }
}
