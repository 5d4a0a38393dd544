import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import {
  deletedByRun,
  partsOfRun,
  planOfRun,
  type RunPart,
  type RunPlan,
  setAsideByRun,
} from '../../../../destination/readModels/runDetails';
import { getRun, type Run } from '../../../../destination/runs/runs';
import { type RunState, stateOf } from '../../../temporal/runState';

export interface RunDetails extends Run {
  /** what is true, where `status` is what the run recorded last */
  readonly state: RunState;
  /** up to now for a running one */
  readonly tookMs: number;
  readonly parts: readonly RunPart[];
  /** of a reconciliation: what it found and what became of that */
  readonly plan: RunPlan | null;
  /** some of the ids that it soft-deleted, in order */
  readonly deletedIds: readonly string[];
  /** records that it set aside and that still are */
  readonly setAside: readonly { readonly reason: string; readonly open: number }[];
}

/** `deletedIds`: how many of them at most; default 20. */
export interface RunDetailsOptions {
  readonly deletedIds?: number;
}

/**
 * Everything that is known of one run. `client` is asked only about a run that says "running" after its lease has passed.
 * Throws TidemarkError 'NotFound'.
 */
export async function readRun(
  { db, client }: { readonly db: Knex; readonly client: () => Promise<Client> },
  id: string,
  { deletedIds = 20 }: RunDetailsOptions = {},
): Promise<RunDetails> {
  const run = await getRun(db, id);
  const state =
    run.leaseExpired && run.status === 'running' ? await stateOf({ db, client: await client() }, run) : run.status;
  const [parts, plan, deleted, setAside] = await Promise.all([
    partsOfRun(db, id),
    planOfRun(db, id),
    deletedByRun(db, run, deletedIds),
    setAsideByRun(db, id),
  ]);
  const tookMs = (run.endedAt ?? new Date()).getTime() - run.startedAt.getTime();
  return { ...run, state, tookMs, parts, plan, deletedIds: deleted, setAside };
}
