import { WorkflowExecutionAlreadyStartedError, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Decision } from '../../destination/audit';
import { decidePlan } from '../../destination/plans/decidePlan';
import { TidemarkError } from '../../schema/errors';
import {
  type ApplyPlanInput,
  type ApplyPlanResult,
  taskQueue as defaultTaskQueue,
  ids,
  workflowNames,
} from '../../schema/workflows';
import { workflowPriority } from '../temporal/priority';
import { labels } from '../temporal/searchAttributes';
import type { StartContext } from '../temporal/start';
import { temporalError } from '../temporal/temporal';

export type StartedPlan = WorkflowHandleWithFirstExecutionRunId<(input: ApplyPlanInput) => Promise<ApplyPlanResult>>;

/**
 * Approves a waiting plan and starts the workflow that applies it, which confirms each row again. Should Temporal be away
 * just then, the plan stays approved: approving it once more starts the workflow. Throws as `decidePlan` does.
 */
export async function approvePlan(
  { db, client, taskQueue = defaultTaskQueue }: StartContext,
  planId: string,
  by: Decision,
): Promise<StartedPlan> {
  const { connectionId, entity } = await decidePlan(db, planId, 'approved', by);
  const input: ApplyPlanInput = { connectionId, entity, planId };
  try {
    return await client.workflow.start<(input: ApplyPlanInput) => Promise<ApplyPlanResult>>(workflowNames.applyPlan, {
      workflowId: ids.plan(planId),
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      priority: workflowPriority('reconciliation', connectionId),
      ...(await labels(client, input, 'reconciliation')),
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new TidemarkError('AlreadyRunning', `Plan ${planId} of ${connectionId}/${entity} is being applied already`);
    }
    throw temporalError(error);
  }
}
