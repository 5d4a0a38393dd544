import { ids } from '../schema/workflows';
import { longRunning } from './activities';
import { startBatch } from './startBatch';

/** Every minute: settles lost runs, and starts workflows for leftover webhook events, disputes that are due, and related records to be read again. */
export async function sweep(): Promise<{ lostRuns: number; started: number }> {
  const { lostRuns, inbox, disputes, owed = [] } = await longRunning.sweep({});
  let started = 0;
  for (const target of inbox) started += await startBatch(ids.inbox(target), target, { batch: { of: 'inbox' } });
  for (const target of disputes)
    started += await startBatch(ids.disputes(target), target, { batch: { of: 'disputes' } });
  for (const target of owed) started += await startBatch(ids.owed(target), target, { batch: { of: 'owed' } });
  return { lostRuns, started };
}
