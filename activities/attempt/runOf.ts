import type { Knex } from 'knex';
import { runOfPlan } from '../../destination/plans/plans';
import type { Batch } from '../../schema/workflows';

/** The run that an activity's input names; null where it works for none. */
export async function runOf(db: Knex, input: unknown): Promise<string | null> {
  const { runId, batch } = input as { readonly runId?: string; readonly batch?: Batch };
  if (batch?.of === 'plan') return await runOfPlan(db, batch.planId);
  if (batch?.of === 'disputes') return batch.runId ?? null;
  return runId ?? null;
}
