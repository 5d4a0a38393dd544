import { listRuns } from '../../../../destination/runs/runs';
import { mapLimited } from '../../../mapLimited';
import type { OperationContext } from '../../definition/context';
import { assertNames } from '../targets';
import { type RunDetails, readRun } from './runDetails';

export interface RunsFilter {
  readonly connection: string | undefined;
  readonly entity: string | undefined;
  readonly limit: number;
}

/**
 * Runs, newest first. `state` is what is true: Temporal is asked about a run that is recorded as running although its lease has
 * expired. Throws TidemarkError 'NotFound' for unknown names.
 */
export async function showRuns(context: OperationContext, { limit, ...which }: RunsFilter) {
  await assertNames(context, which);
  const { db } = context;
  const found = await listRuns(db, { connectionId: which.connection, entity: which.entity, limit });
  const runs = await mapLimited(found, 20, async (run) => {
    if (run.status !== 'running' || !run.leaseExpired) return { ...run, state: run.status };
    const { stateOf } = await import('../../../temporal/runState.js');
    return { ...run, state: await stateOf({ db, client: await context.client() }, run) };
  });
  return { runs };
}

/** Throws TidemarkError 'NotFound'. */
export function showRun(
  { db, client }: OperationContext,
  { run, deleted }: { readonly run: string; readonly deleted: number },
): Promise<RunDetails> {
  return readRun({ db, client }, run, { deletedIds: deleted });
}
