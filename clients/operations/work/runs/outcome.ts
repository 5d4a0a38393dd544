import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { VerifyResult } from '../../../../schema/definition/checks';
import { messageOf, TidemarkError } from '../../../../schema/errors';
import { type Target, workflowNames } from '../../../../schema/workflows';
import { remoteFailure } from '../../../temporal/remoteFailure';
import { answerWithinMs, isDeadline, temporalError } from '../../../temporal/temporal';
import type { OperationContext } from '../../definition/context';
import { withConfidence } from './confidence';

/** The outcome of something that was started. */
export interface Outcome {
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';
  /** of one that is done: what it counted and found; null otherwise */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** why it failed; `type` is stable */
  readonly error: { readonly type: string; readonly message: string } | null;
}

const states: Readonly<Record<string, Outcome['state']>> = {
  COMPLETED: 'done',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed-out',
};

/** `readOutcome` for what an operation started. */
export async function showOutcome(
  context: OperationContext,
  {
    wait,
    ...which
  }: { readonly workflowId: string; readonly workflowRunId: string | undefined; readonly wait: number },
): Promise<Outcome> {
  return readOutcome(await context.client(), which, wait * 1000);
}

/**
 * Waits until a workflow ends, at most `waitMs`; the state is `running` if it has not ended by then. Without `workflowRunId`, the
 * latest execution of that id. Throws TidemarkError 'NotFound', 'TemporalUnavailable'.
 */
export async function readOutcome(
  client: Client,
  { workflowId, workflowRunId }: { readonly workflowId: string; readonly workflowRunId?: string | undefined },
  waitMs: number,
): Promise<Outcome> {
  const handle = client.workflow.getHandle(workflowId, workflowRunId);
  try {
    const described = await client.withDeadline(Date.now() + answerWithinMs, () => handle.describe());
    const about = { workflowId, workflowRunId: workflowRunId ?? described.runId };
    const state = states[described.status.name] ?? 'running';
    if (state === 'running' && waitMs === 0) return { ...about, state, result: null, error: null };
    return { ...about, ...(await ended(client, handle, state, described.type, waitMs)) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new TidemarkError(
        'NotFound',
        `Temporal knows no workflow ${JSON.stringify(workflowId)}${workflowRunId === undefined ? '' : ` with run ${workflowRunId}`}: the id is wrong, or it ended before Temporal's retention period`,
      );
    }
    throw temporalError(error);
  }
}

async function ended(
  client: Client,
  handle: { result(): Promise<unknown> },
  state: Outcome['state'],
  type: string,
  waitMs: number,
): Promise<Pick<Outcome, 'state' | 'result' | 'error'>> {
  try {
    const result = await client.withDeadline(Date.now() + Math.max(waitMs, answerWithinMs), () => handle.result());
    return {
      state: 'done',
      result: withMeasures(type, result as Readonly<Record<string, unknown>> | null),
      error: null,
    };
  } catch (error) {
    if (isDeadline(error)) return { state: 'running', result: null, error: null };
    if (!(error instanceof WorkflowFailedError)) throw error;
    const failure = remoteFailure(error) ?? { type: 'Unknown', message: messageOf(error.cause ?? error) };
    return { state: state === 'running' ? endOf(error) : state, result: null, error: failure };
  }
}

function endOf({ cause }: WorkflowFailedError): Outcome['state'] {
  switch (cause?.name) {
    case 'CancelledFailure':
      return 'cancelled';
    case 'TerminatedFailure':
      return 'terminated';
    case 'TimeoutFailure':
      return 'timed-out';
    default:
      return 'failed';
  }
}

function withMeasures(type: string, result: Outcome['result']): Outcome['result'] {
  return type === workflowNames.verify && result !== null
    ? { ...withConfidence(result as unknown as VerifyResult & Target) }
    : result;
}
