import { condition, continueAsNew, defineQuery, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { addCounts, noCounts } from '../schema/answer';
import {
  againSignal,
  type Progress,
  progressQuery,
  type SyncRecordsInput,
  type SyncRecordsResult,
} from '../schema/workflows';
import { longRunning } from './activities';

/** Maximum rounds of a workflow of the inbox before it continues as new, to keep its history short. */
const roundsAtMost = 100;

/**
 * Fetches a batch of records that is given by reference. For the inbox it works until no event is open; a signal that
 * arrives meanwhile makes it look once more.
 */
export async function syncRecords(input: SyncRecordsInput): Promise<SyncRecordsResult & { disputed: number }> {
  let again = false;
  setHandler(defineSignal(againSignal), () => {
    again = true;
  });
  const total = { counts: { ...noCounts }, fetches: 0, disputed: 0 };
  setHandler(defineQuery<Progress>(progressQuery), () => ({
    phase: `fetching (${input.batch.of})`,
    runId: null,
    pages: 0,
    records: total.fetches,
    counts: total.counts,
  }));
  if (input.afterMs !== undefined) await sleep(input.afterMs);
  for (let round = 1; ; round++) {
    again = false;
    const done = await longRunning.syncBatch(input);
    total.counts = addCounts(total.counts, done.counts);
    total.fetches += done.fetches;
    total.disputed = done.disputed;
    if (input.batch.of !== 'inbox') break;
    if (!again && !(await condition(() => again, '50ms'))) break;
    if (round >= roundsAtMost) await continueAsNew<typeof syncRecords>(input);
  }
  const { connectionId, entity } = input;
  return { connectionId, entity, ...total };
}
