import type { Client } from '@temporalio/client';

/** How many workers have polled a task queue within the last minutes: the fewer of those that take workflows and of those that take activities. */
export async function pollersOf(client: Client, taskQueue: string): Promise<number> {
  // enums.v1.TaskQueueType: 1 workflow, 2 activity
  const asked = await Promise.all(
    [1, 2].map((taskQueueType) =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType,
      }),
    ),
  );
  return Math.min(...asked.map(({ pollers }) => new Set(pollers?.map(({ identity }) => identity)).size));
}
