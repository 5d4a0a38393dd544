import type { Client } from '@temporalio/client';
import { type Listed, listSchedules } from './agree';

export type ScheduleTimes = Pick<Listed, 'paused' | 'next'>;

/** Who asks how things stand asks just when something is away, and is not to wait for the client's own many tries. */
const listWithinMs = 8_000;

/** All schedules of ours in the client's namespace. Temporal's list follows changes with a delay of up to a few seconds. */
export function readScheduleTimes(client: Client): Promise<ReadonlyMap<string, ScheduleTimes>> {
  return client.withDeadline(Date.now() + listWithinMs, () => listSchedules(client));
}
