import { type Client, isGrpcServiceError } from '@temporalio/client';
import { TidemarkError } from '../../../schema/errors';
import { mapLimited } from '../../mapLimited';
import { temporalError } from '../../temporal/temporal';

interface Execution {
  readonly workflowId: string;
  readonly workflowRunId: string;
}

/** Temporal's `PENDING_ACTIVITY_STATE_SCHEDULED`: the activity waits for its next attempt. */
const scheduled = 1;
/** gRPC: not found, and not implemented */
const grpc = { notFound: 5, unimplemented: 12 };
/** Workflows of one connection that are looked at; what is left goes on when its wait in Temporal ends. */
const workflowsAtMost = 1_000;
/** The kinds of our workflow ids that ask a source; see `ids`. */
const kinds = ['delta', 'reconciliation', 'backfill', 'record', 'records', 'inbox', 'disputes', 'verify'];

/**
 * Has every activity of a connection's workflows that waits for its next attempt try at once; Temporal then counts its attempts
 * from one again. Returns how many. Throws TidemarkError 'TemporalUnavailable', and 'Usage' where the server cannot do that.
 */
export async function tryNow(client: Client, connectionId: string, runs: readonly Execution[]): Promise<number> {
  try {
    let reset = 0;
    const seen = new Set<string>();
    let next: readonly Execution[] = [...runs, ...(await runningOf(client, connectionId))];
    while (next.length > 0) {
      const fresh = next.filter(({ workflowRunId }) => !seen.has(workflowRunId));
      const once = [...new Map(fresh.map((one) => [one.workflowRunId, one])).values()];
      for (const { workflowRunId } of once) seen.add(workflowRunId);
      const done = await mapLimited(once, 10, (one) => resetActivities(client, one));
      reset += done.reduce((sum, one) => sum + one.reset, 0);
      next = done.flatMap(({ children }) => children);
    }
    return reset;
  } catch (error) {
    if (codeOf(error) !== grpc.unimplemented) throw temporalError(error);
    throw new TidemarkError(
      'Usage',
      `This Temporal server cannot start a waiting activity early (that takes version 1.28). The engine no longer waits for the source of '${connectionId}', but deferred runs go on only when their wait in Temporal ends: cancel them with 'tidemark cancel <run>' and start them again`,
    );
  }
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
): Promise<{ readonly reset: number; readonly children: readonly Execution[] }> {
  const execution = { workflowId, runId: workflowRunId };
  const { namespace } = client.options;
  let reset = 0;
  try {
    const described = await client.workflowService.describeWorkflowExecution({ namespace, execution });
    for (const { activityId, state, lastFailure } of described.pendingActivities ?? []) {
      if (state !== scheduled || !activityId || !lastFailure) continue;
      await client.workflowService.resetActivity({ namespace, execution, id: activityId, identity: 'tidemark resume' });
      reset += 1;
    }
    const children = (described.pendingChildren ?? []).flatMap((child) =>
      child.workflowId && child.runId ? [{ workflowId: child.workflowId, workflowRunId: child.runId }] : [],
    );
    return { reset, children };
  } catch (error) {
    // it has ended meanwhile
    if (codeOf(error) !== grpc.notFound) throw error;
    return { reset, children: [] };
  }
}

function codeOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}
