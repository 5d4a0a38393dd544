import { TidemarkError } from '../../../schema/errors';
import type { OperationContext } from '../definition/context';
import { agreeOrLater } from '../work/agreeOrLater';
import { startDeltas } from '../work/runs/runs';

/**
 * A connection that needed credentials has others: its schedules fire again, and one delta of each entity reads now what was missed. Where
 * one is running, or Temporal cannot be reached, the schedules do the same later.
 */
export async function catchUp(context: OperationContext, connection: string): Promise<void> {
  await agreeOrLater(context);
  try {
    await startDeltas(context, { connection, entity: undefined, full: false });
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
  }
}
