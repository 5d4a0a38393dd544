import { ids } from '../schema/workflows';
import { longRunning } from './activities';
import { startBatch } from './startBatch';

/** Every minute: settles lost runs, and starts workflows for leftover webhook events and for disputes that are due. */
export async function sweep(): Promise<{ lostRuns: number; started: number }> {
  const { lostRuns, inbox, disputes } = await longRunning.sweep({});
  let started = 0;
  for (const target of inbox) started += await startBatch(ids.inbox(target), target, { batch: { of: 'inbox' } });
  for (const target of disputes)
    started += await startBatch(ids.disputes(target), target, { batch: { of: 'disputes' } });
  return { lostRuns, started };
}
