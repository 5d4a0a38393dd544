import type { Decision } from '../../../destination/audit';
import { undoImport } from '../../../destination/imports/undoImport';
import { decidePlan, knownPlan, sampleOfPlan } from '../../../destination/plans/decidePlan';
import { countItems } from '../../../destination/plans/plans';
import { waitingPlans } from '../../../destination/readModels/statusFacts';
import { getRun } from '../../../destination/runs/runs';
import { undoRun } from '../../../destination/runs/undoRun';
import { parseDuration } from '../../../schema/duration';
import type { ApplyPlanResult } from '../../../schema/workflows';
import { type StartContext, type Started, startWorkflow } from '../../temporal/start';
import { applyPlan } from '../../temporal/workflows';
import type { By, OperationContext } from '../definition/context';
import { startContext } from './runs/runs';
import { type StartedIds, startedIds } from './runs/started';
import { findTarget } from './targets';

/** Plans that wait for a decision. */
export async function listPlans({ db }: OperationContext, { connection }: { readonly connection: string | undefined }) {
  return { plans: await waitingPlans(db, connection) };
}

/** Throws TidemarkError 'NotFound'. */
export async function showPlan({ db }: OperationContext, { plan }: { readonly plan: string }) {
  const found = await knownPlan(db, plan);
  return { ...found, items: await countItems(db, found.id), sample: await sampleOfPlan(db, found.id) };
}

/** As `approvePlan`. */
export async function approve(
  context: OperationContext,
  { plan }: { readonly plan: string },
  by: By,
): Promise<StartedIds> {
  return startedIds(await approvePlan(await startContext(context), plan, by));
}

/**
 * Approves a waiting plan and starts the workflow that applies it, which confirms each row again. If Temporal cannot be reached
 * just then, the plan stays approved: approving it once more starts the workflow. Throws as `decidePlan` does.
 */
export async function approvePlan(
  context: StartContext,
  planId: string,
  by: Decision,
): Promise<Started<ApplyPlanResult>> {
  const { connectionId, entity } = await decidePlan(context.db, planId, 'approved', by);
  return startWorkflow(context, applyPlan, { connectionId, entity, planId });
}

/** Throws as `decidePlan` does. */
export function reject({ db }: OperationContext, { plan }: { readonly plan: string }, by: By) {
  return decidePlan(db, plan, 'rejected', by);
}

/** Brings back what a run soft-deleted, or takes an import back. Throws TidemarkError 'NotFound', 'Usage' where there is nothing to undo. */
export async function undoDeletions(context: OperationContext, { run: id }: { readonly run: string }, by: By) {
  const run = await getRun(context.db, id);
  const { entity } = await findTarget(context, { connection: run.connectionId, entity: run.entity });
  if (run.strategy === 'import') return { runId: run.id, ...(await undoImport(context.db, run, entity, by)) };
  return {
    runId: run.id,
    removed: 0,
    ...(await undoRun(context.db, run.id, entity, parseDuration(entity.readLag), by)),
  };
}
