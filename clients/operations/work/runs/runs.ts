import { getConnection } from '../../../../destination/connections/connections';
import { connectorOf } from '../../../../schema/definition/registered';
import { TidemarkError } from '../../../../schema/errors';
import type { Target } from '../../../../schema/workflows';
import { type StartContext, startWorkflow } from '../../../temporal/start';
import { backfill, delta, reconciliation, remap } from '../../../temporal/workflows';
import type { OperationContext } from '../../definition/context';
import { assertBackfillable, assertRemappable } from '../possible';
import { findTarget, type TargetInput } from '../targets';
import { type StartedIds, startedIds } from './started';

export interface StartedDeltas {
  readonly started: readonly (Target & StartedIds)[];
  readonly alreadyRunning: readonly (Target & { readonly detail: string })[];
}

/**
 * Starts deltas. Throws TidemarkError 'NotFound' for unknown names, and 'AlreadyRunning' when a delta is running for every
 * entity that was chosen.
 */
export async function startDeltas(
  context: OperationContext,
  {
    connection,
    entity,
    full,
  }: { readonly connection: string; readonly entity: string | undefined; readonly full: boolean },
): Promise<StartedDeltas> {
  const targets = await chosenTargets(context, connection, entity);
  const starting = await startContext(context);
  const started: (Target & StartedIds)[] = [];
  const busy: { readonly target: Target; readonly error: TidemarkError }[] = [];
  for (const target of targets) {
    const input = { ...target, ...(full ? { full } : {}), trigger: context.trigger };
    try {
      started.push({ ...target, ...startedIds(await startWorkflow(starting, delta, input)) });
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.type !== 'AlreadyRunning') throw error;
      busy.push({ target, error });
    }
  }
  const [first] = busy;
  if (first !== undefined && started.length === 0) throw first.error;
  return { started, alreadyRunning: busy.map(({ target, error }) => ({ ...target, detail: error.message })) };
}

/** Throws TidemarkError 'NotFound', 'AlreadyRunning'. */
export async function startReconciliation(
  context: OperationContext,
  { dryRun, ...named }: TargetInput & { readonly dryRun: boolean },
): Promise<StartedIds> {
  const { target } = await findTarget(context, named);
  const input = { ...target, ...(dryRun ? { dryRun } : {}), trigger: context.trigger };
  return startedIds(await startWorkflow(await startContext(context), reconciliation, input));
}

/** Throws TidemarkError 'NotFound', 'AlreadyRunning', and 'Usage' for what cannot be asked so or an instant in the future. */
export async function startBackfill(
  context: OperationContext,
  { since, ...named }: TargetInput & { readonly since: Date },
): Promise<StartedIds> {
  const known = await findTarget(context, named);
  assertBackfillable(known, since);
  const input = { ...known.target, since: since.toISOString(), trigger: context.trigger };
  return startedIds(await startWorkflow(await startContext(context), backfill, input));
}

/** Throws TidemarkError 'NotFound', 'AlreadyRunning', and 'Usage' for an entity that cannot be remapped. */
export async function startRemap(context: OperationContext, named: TargetInput): Promise<StartedIds> {
  const known = await findTarget(context, named);
  assertRemappable(known);
  const input = { ...known.target, trigger: context.trigger };
  return startedIds(await startWorkflow(await startContext(context), remap, input));
}

export async function startContext({ db, client, taskQueue }: OperationContext): Promise<StartContext> {
  return { db, client: await client(), taskQueue };
}

async function chosenTargets(
  context: OperationContext,
  connectionId: string,
  entity: string | undefined,
): Promise<readonly Target[]> {
  if (entity !== undefined) return [(await findTarget(context, { connection: connectionId, entity })).target];
  const connector = connectorOf(await context.connectors(), await getConnection(context.db, connectionId));
  return [...connector.entities.values()].flatMap(({ name, importOnly }) =>
    importOnly ? [] : [{ connectionId, entity: name }],
  );
}
