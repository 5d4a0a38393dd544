import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Resumed } from '../../destination/runs/waits';
import { TidemarkError } from '../../schema/errors';
import { inParallel } from '../inParallel';
import type { Deferral } from './deferral';

interface Execution {
  readonly workflowId: string;
  readonly workflowRunId: string;
}

/** Which waiting activities of which workflows go on. */
export interface TryNow {
  readonly connectionId: string;
  /** workflows that Temporal's list of running workflows may not show yet */
  readonly runs: readonly Execution[];
  /** only those that were deferred with another number: see `NotedWait`. Absent: all */
  readonly otherThan?: number;
}

/** What `tryNow` found. */
export interface Tried {
  /** activities that waited and go on now */
  readonly reset: number;
  /** attempts of `runs` and their child workflows that are under way: one may have been stopped, and Temporal be about to hear of it */
  readonly underWay: number;
}

/** Temporal's `PENDING_ACTIVITY_STATE_SCHEDULED`: the activity waits for its next attempt; and `…_STARTED`. */
const states = { scheduled: 1, started: 2 };
/** gRPC: not found, and not implemented */
const grpc = { notFound: 5, unimplemented: 12 };
/** Workflows of one connection that are looked at; what is left goes on when its wait in Temporal ends. */
const workflowsAtMost = 1_000;
/** The kinds of our workflow ids that ask a source; see `ids`. */
const kinds = ['delta', 'reconciliation', 'backfill', 'record', 'records', 'inbox', 'disputes', 'owed', 'verify'];

/**
 * Has every activity of a connection's workflows that waits for its next attempt try at once; Temporal then counts its attempts
 * from one again. Throws Temporal's own errors, and TidemarkError 'Usage' where the server cannot do that.
 */
export async function tryNow(client: Client, { connectionId, runs, otherThan }: TryNow): Promise<Tried> {
  try {
    const seen = new Set<string>();
    const named = await eachOnce(client, runs, seen, otherThan);
    const listed = await eachOnce(client, await runningOf(client, connectionId), seen, otherThan);
    return { reset: named.reset + listed.reset, underWay: named.underWay };
  } catch (error) {
    if (codeOf(error) !== grpc.unimplemented) throw error;
    throw new TidemarkError(
      'Usage',
      `This Temporal server cannot start a waiting activity early (that takes version 1.28). The engine no longer waits for the source of '${connectionId}', but deferred runs go on only when their wait in Temporal ends: cancel them with 'tidemark cancel <run>' and start them again`,
    );
  }
}

/**
 * Has those go on that were deferred although an operator had ended the wait: they had read that they must wait before, and
 * Temporal heard of it after `resume` had looked. The sweep calls this, so an end of waits holds from then on. Returns how many.
 */
export async function goOnAfterResume(client: Client, resumed: readonly Resumed[]): Promise<number> {
  let reset = 0;
  for (const { connectionId, resumes, runs } of resumed) {
    reset += (await tryNow(client, { connectionId, runs, otherThan: resumes })).reset;
  }
  return reset;
}

/** Workflows and their child workflows, those aside that were seen before. */
async function eachOnce(
  client: Client,
  executions: readonly Execution[],
  seen: Set<string>,
  otherThan: number | undefined,
): Promise<Tried> {
  const sum = { reset: 0, underWay: 0 };
  for (let next = executions; next.length > 0; ) {
    const fresh = next.filter(({ workflowRunId }) => !seen.has(workflowRunId));
    const once = [...new Map(fresh.map((one) => [one.workflowRunId, one])).values()];
    const children: Execution[] = [];
    for (const { workflowRunId } of once) seen.add(workflowRunId);
    await inParallel(once, 10, async (one) => {
      const done = await resetActivities(client, one, otherThan);
      sum.reset += done.reset;
      sum.underWay += done.underWay;
      children.push(...done.children);
    });
    next = children;
  }
  return sum;
}

/** Running workflows of a connection. The visibility store may lag by a second; those of runs are known from PostgreSQL. */
async function runningOf(client: Client, connectionId: string): Promise<Execution[]> {
  const begins = kinds.map((kind) => `WorkflowId STARTS_WITH "tidemark/${kind}/${connectionId}/"`);
  const query = `ExecutionStatus = "Running" AND (${begins.join(' OR ')})`;
  const found: Execution[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    found.push({ workflowId, workflowRunId: runId });
    if (found.length === workflowsAtMost) break;
  }
  return found;
}

/** Resets the waiting activities of one workflow; returns how many, and its child workflows. */
async function resetActivities(
  client: Client,
  { workflowId, workflowRunId }: Execution,
  otherThan: number | undefined,
): Promise<Tried & { readonly children: readonly Execution[] }> {
  const execution = { workflowId, runId: workflowRunId };
  const { namespace } = client.options;
  const sum = { reset: 0, underWay: 0 };
  try {
    const described = await client.workflowService.describeWorkflowExecution({ namespace, execution });
    for (const { activityId, state, lastFailure } of described.pendingActivities ?? []) {
      if (state === states.started) sum.underWay += 1;
      if (state !== states.scheduled || !activityId || !lastFailure) continue;
      if (otherThan !== undefined) {
        const deferral = deferralOf(client, lastFailure);
        if (deferral === undefined || deferral.resumes === otherThan) continue;
      }
      await client.workflowService.resetActivity({ namespace, execution, id: activityId, identity: 'tidemark resume' });
      sum.reset += 1;
    }
    const children = (described.pendingChildren ?? []).flatMap((child) =>
      child.workflowId && child.runId ? [{ workflowId: child.workflowId, workflowRunId: child.runId }] : [],
    );
    return { ...sum, children };
  } catch (error) {
    // it has ended meanwhile
    if (codeOf(error) !== grpc.notFound) throw error;
    return { ...sum, children: [] };
  }
}

/** What an attempt that was deferred noted about its wait; undefined for every other failure. */
function deferralOf(client: Client, failure: temporal.api.failure.v1.IFailure): Deferral | undefined {
  const [payload] = failure.applicationFailureInfo?.details?.payloads ?? [];
  if (!payload) return undefined;
  const details = client.options.loadedDataConverter.payloadConverter.fromPayload<Partial<Deferral> | null>(payload);
  return typeof details?.resumes === 'number' ? { resumes: details.resumes } : undefined;
}

function codeOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}
