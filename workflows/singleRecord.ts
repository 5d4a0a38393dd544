import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { againSignal, type SingleRecordInput, type SingleRecordResult } from '../schema/workflows';
import { local, longRunning } from './activities';

/** So often in one workflow; the sweep and the next event look after the rest. */
const fetchesAtMost = 50;
const longestPauseMs = 2_000;

/**
 * Fetches one record. Its workflow id is made of the record, so that duplicates coalesce; a signal that arrives while it
 * runs makes it fetch once more, and a dispute makes it ask again after the read lag.
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
      // an event that comes while we wait is answered by the same fetch
      await condition(() => again, fetched.askAgainAfterMs + 500);
      continue;
    }
    if (!again || fetches >= fetchesAtMost) {
      const { connectionId, entity, id } = input;
      return { connectionId, entity, id, outcome, fetches };
    }
    // a record about which there are many events is not fetched for each of them
    await sleep(Math.min(longestPauseMs, 50 * 2 ** fetches));
  }
}

/** Within the workflow task first, which takes half the time; as an ordinary activity, with its retries, where that fails. */
async function fetchOnce(input: SingleRecordInput) {
  try {
    return await local.syncRecord(input);
  } catch {
    return longRunning.syncRecord(input);
  }
}
