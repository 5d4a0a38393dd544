import { randomUUID } from 'node:crypto';
import { type Client, ScheduleOverlapPolicy, type ScheduleSpec } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time';

/** When Temporal would fire such a schedule between two instants, as ISO 8601: the schedule is made, asked, and removed. */
export async function firingTimes(client: Client, spec: ScheduleSpec, from: string, to: string): Promise<string[]> {
  const scheduleId = `spec-${randomUUID()}`;
  const handle = await client.schedule.create({
    scheduleId,
    spec,
    action: { type: 'startWorkflow', workflowType: 'nothing', taskQueue: 'nobody' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
    state: { paused: true },
  });
  const { startTime } = await client.connection.workflowService.listScheduleMatchingTimes({
    namespace: client.options.namespace,
    scheduleId,
    startTime: msToTs(Date.parse(from)),
    endTime: msToTs(Date.parse(to)),
  });
  await handle.delete();
  return (startTime ?? []).map((time) => new Date(tsToMs(time)).toISOString());
}
