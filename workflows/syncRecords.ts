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
 * Fetches a batch of records that is given by reference. For the inbox it works until no event is open. A signal that arrives
 * meanwhile makes it look once more, at disputed rows after as many milliseconds as the signal names: they are not due before.
 */
export async function syncRecords(input: SyncRecordsInput): Promise<SyncRecordsResult & { disputed: number }> {
  let again = false;
  let againAfterMs = 0;
  setHandler(defineSignal<[number?]>(againSignal), (afterMs = 0) => {
    again = true;
    againAfterMs = afterMs;
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
    if (input.batch.of === 'disputes' && again) await sleep(againAfterMs);
    else if (input.batch.of !== 'inbox') break;
    else if (!again && !(await condition(() => again, '50ms'))) break;
    if (round >= roundsAtMost) await continueAsNew<typeof syncRecords>(input);
  }
  const { connectionId, entity } = input;
  return { connectionId, entity, ...total };
}
