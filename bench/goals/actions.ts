import { temporal } from '@temporalio/proto';
import type { Bench, Goal } from '../bench';
import type { Engine } from '../engine';
import { row } from '../row';

/** Temporal actions for a million records, counted from the histories. */
export const actions: Goal = {
  numbers: [10],
  about: 'Temporal actions',
  async measure(bench) {
    const records = bench.quick ? 20_000 : 1_000_000;
    return bench.withEngine({ source: { records, ids: records } }, async (engine) => {
      const counted = async (work: () => Promise<unknown>) => {
        const before = await countActions(bench, engine);
        await work();
        return (await countActions(bench, engine)) - before;
      };
      bench.say(`first sync of ${records} records`);
      const first = await counted(() => engine.delta());
      const idle = await counted(() => engine.delta());
      bench.say(`reconciliation of ${records} records`);
      const reconciled = await counted(async () => {
        const { missing, stale, gone } = await engine.reconcile();
        if (missing + stale + gone > 0)
          throw new Error(`${missing} missing, ${stale} stale, ${gone} gone: expected none`);
      });
      const judged = (what: string, count: number, atMost: number) =>
        row(10, what, { ours: `${count} actions`, ratio: count }, { atMost, unit: ' actions' });
      return [
        judged(`Temporal actions of a first sync of ${records} records`, first, 40),
        judged('… of a delta without changes', idle, 4),
        judged('… of a reconciliation without differences', reconciled, 12),
      ];
    });
  },
};

const { EventType } = temporal.api.enums.v1;

/** What Temporal Cloud charges for: each start of a workflow, each attempt of an activity, local ones too, signals and timers. */
async function countActions({ client }: Bench, { taskQueue }: Engine): Promise<number> {
  // the list follows the histories by a moment
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  let count = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      if (event.eventType === EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED) {
        count += event.activityTaskStartedEventAttributes?.attempt ?? 1;
      } else if (charged.has(event.eventType ?? 0)) count += 1;
    }
  }
  return count;
}

const charged: ReadonlySet<number> = new Set([
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
  EventType.EVENT_TYPE_TIMER_STARTED,
  // a local activity leaves a marker
  EventType.EVENT_TYPE_MARKER_RECORDED,
  EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
]);
