import { dueOwed, type OwedReason } from '../../destination/owed/owed';
import { addFetched } from '../../destination/runs/runParts';
import { relatedAtOnce } from '../../source/contract';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';
import { fetchOwed } from './owed';

/** How a part of a run reads, and says that it goes on. */
export interface ReadingOptions {
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}

/** What is read together, and written in one transaction. */
const atOnce = 500;

/** Reads the related records of these records, and counts what that changed in the run. */
export async function fetchInRun(
  deps: ActivityDeps,
  open: OpenTarget,
  runId: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const kinds = Object.keys(open.entity.related ?? {}).length;
  const requestsFor = (count: number) => Math.ceil(count / relatedAtOnce(open.entity)) * kinds;
  await fetchOwed(deps, open, ids, {
    ...{ runId, writtenBy: `run ${runId}`, signal },
    alongside: (trx, counts, done) =>
      addFetched(trx, { runId, step: 'related' }, { records: done, requests: requestsFor(done), counts }),
  });
}

/** Reads what is owed for this reason until nothing of it is due. What could not be read is due later. */
export async function fetchDueInRun(
  deps: ActivityDeps,
  open: OpenTarget,
  runId: string,
  reason: OwedReason,
  { signal, onProgress }: ReadingOptions,
): Promise<void> {
  for (;;) {
    const ids = await dueOwed(deps.db, open.target, atOnce, { reason });
    if (ids.length === 0) return;
    await fetchInRun(deps, open, runId, ids, signal);
    onProgress();
  }
}
