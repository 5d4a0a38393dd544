import type { Client } from '@temporalio/client';
import { type Listed, listSchedules } from './agree';

export type ScheduleTimes = Pick<Listed, 'paused' | 'next'>;

/** All schedules of ours in the client's namespace. Temporal's list follows changes with a delay of up to a few seconds. */
export function readScheduleTimes(client: Client): Promise<ReadonlyMap<string, ScheduleTimes>> {
  return listSchedules(client);
}
