import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { againSignal, type SingleRecordInput, type SingleRecordResult } from '../schema/workflows';
import { local, longRunning } from './activities';

/** Maximum fetches in one workflow; the sweep and the next event handle the rest. */
const fetchesAtMost = 50;
const longestPauseMs = 2_000;

/**
 * Fetches one record. Its workflow id is made from the record, so that duplicates coalesce. A signal that arrives while it
 * runs makes it fetch once more, and a dispute makes it fetch again after the read lag.
 */
export async function singleRecord(input: SingleRecordInput): Promise<SingleRecordResult> {
  let again = false;
  setHandler(defineSignal(againSignal), () => {
    again = true;
  });
  let outcome: SingleRecordResult['outcome'] = 'unchanged';
  for (let fetches = 1; ; fetches++) {
    again = false;
    const fetched = await fetchOnce(input);
    if (fetched.outcome !== 'unchanged') outcome = fetched.outcome;
    if (fetched.askAgainAfterMs !== null && fetches < fetchesAtMost) {
      // the same fetch covers an event that arrives during the wait
      await condition(() => again, fetched.askAgainAfterMs + 500);
      continue;
    }
    if (!again || fetches >= fetchesAtMost) {
      const { connectionId, entity, id } = input;
      return { connectionId, entity, id, outcome, fetches };
    }
    // a record with many events is not fetched once per event
    await sleep(Math.min(longestPauseMs, 50 * 2 ** fetches));
  }
}

/** First within the workflow task, which takes half the time; if that fails, as an ordinary activity with retries. */
async function fetchOnce(input: SingleRecordInput) {
  try {
    return await local.syncRecord(input);
  } catch {
    return longRunning.syncRecord(input);
  }
}
