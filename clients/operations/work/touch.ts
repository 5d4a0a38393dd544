import { endTouch, requestTouch } from '../../../destination/requests/touches';
import { messageOf, TidemarkError } from '../../../schema/errors';
import { startWorkflow } from '../../temporal/start';
import { touch } from '../../temporal/workflows';
import type { By, OperationContext } from '../definition/context';
import { startContext } from './runs/runs';
import { type StartedIds, startedIds } from './runs/started';
import { findTarget, type TargetInput } from './targets';

/**
 * Makes a harmless change at the source, audited. Throws TidemarkError 'NotFound', 'TemporalUnavailable', and 'Usage' for an entity that
 * declares none.
 */
export async function startTouch(
  context: OperationContext,
  { id, text, ...named }: TargetInput & { readonly id: string; readonly text: string },
  by: By,
): Promise<StartedIds & { readonly touch: string }> {
  const { target, entity } = await findTarget(context, named);
  if (entity.touch === undefined) {
    throw new TidemarkError(
      'Usage',
      `Entity ${entity.name} declares no harmless change (\`touch\`) in its definition: change the record at the source by hand`,
    );
  }
  const touchId = await requestTouch(context.db, target, { recordId: id, text }, by);
  try {
    const started = await startWorkflow(await startContext(context), touch, { ...target, touchId });
    return { touch: touchId, ...startedIds(started) };
  } catch (error) {
    await endTouch(context.db, touchId, { outcome: 'not-done', status: null, detail: messageOf(error) });
    throw error;
  }
}
