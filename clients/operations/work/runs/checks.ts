import { startWorkflow } from '../../../temporal/start';
import { auditMapping, probe, verify } from '../../../temporal/workflows';
import type { OperationContext } from '../../definition/context';
import { assertVerifiable } from '../possible';
import { findTarget, type TargetInput } from '../targets';
import { startContext } from './runs';
import { type StartedIds, startedIds } from './started';

/** Throws TidemarkError 'NotFound', 'AlreadyRunning', and 'Usage' where no sample can be taken. */
export async function startVerify(
  context: OperationContext,
  { sample, ...named }: TargetInput & { readonly sample: number | null },
): Promise<StartedIds> {
  const known = await findTarget(context, named);
  assertVerifiable(known, sample);
  return startedIds(await startWorkflow(await startContext(context), verify, { ...known.target, sample }));
}

/** Throws TidemarkError 'NotFound', 'AlreadyRunning'. */
export async function startProbe(context: OperationContext, named: TargetInput): Promise<StartedIds> {
  const { target } = await findTarget(context, named);
  return startedIds(await startWorkflow(await startContext(context), probe, target));
}

/** Throws TidemarkError 'NotFound', 'AlreadyRunning'. */
export async function startAudit(context: OperationContext, named: TargetInput): Promise<StartedIds> {
  const { target } = await findTarget(context, named);
  return startedIds(await startWorkflow(await startContext(context), auditMapping, target));
}
