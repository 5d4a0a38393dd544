import type { Client } from '@temporalio/client';
import { ids } from '../../schema/workflows';

export interface ScheduleTimes {
  readonly paused: boolean;
  /** when it fires next, as Temporal computes it; null when it never does */
  readonly next: Date | null;
}

/** All schedules of ours in the client's namespace. Temporal's list follows changes with a delay of up to a few seconds. */
export async function readScheduleTimes(client: Client): Promise<Map<string, ScheduleTimes>> {
  const found = new Map<string, ScheduleTimes>();
  const now = Date.now();
  for await (const { scheduleId, state, info } of client.schedule.list()) {
    if (!scheduleId.startsWith(ids.schedulePrefix)) continue;
    const next = (info?.nextActionTimes ?? []).find((time) => time.getTime() > now) ?? null;
    found.set(scheduleId, { paused: state?.paused ?? false, next });
  }
  return found;
}
