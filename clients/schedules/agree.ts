import { createHash } from 'node:crypto';
import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  ScheduleOverlapPolicy,
  type Workflow,
} from '@temporalio/client';
import { taskQueue as defaultTaskQueue, ids } from '../../schema/workflows';
import { mapLimited } from '../mapLimited';
import { workflowPriority } from '../temporal/priority';
import { areRegistered, labels } from '../temporal/searchAttributes';
import { answerWithinMs, temporalError } from '../temporal/temporal';
import type { DesiredSchedule } from './desired';

/** How many schedules were created, changed, paused … ; each is counted once. */
export interface Agreed {
  created: number;
  updated: number;
  paused: number;
  unpaused: number;
  /** schedules of ours that nothing wants any more */
  removed: number;
  unchanged: number;
}

export interface AgreeOptions {
  readonly taskQueue?: string | undefined;
  /** requests to Temporal at once; default 32 */
  readonly concurrency?: number;
}

/**
 * Makes Temporal's schedules agree with what is desired, and touches only what differs; whatever else begins with our
 * prefix goes. Can be run at any time, also from several processes at once. What was changed by hand in Temporal is
 * changed back: the database is the truth. Throws TidemarkError 'TemporalUnavailable'.
 */
export async function agreeSchedules(
  client: Client,
  desired: readonly DesiredSchedule[],
  { taskQueue = defaultTaskQueue, concurrency = 32 }: AgreeOptions = {},
): Promise<Agreed> {
  const agreed: Agreed = { created: 0, updated: 0, paused: 0, unpaused: 0, removed: 0, unchanged: 0 };
  try {
    await assertAnswers(client);
    const listed = await listSchedules(client);
    const wanted = new Set(desired.map(({ id }) => id));
    await mapLimited(desired, concurrency, async (schedule) => {
      const options = await optionsOf(client, schedule, taskQueue);
      agreed[await agreeOne(client, options, listed.get(schedule.id))]++;
    });
    const orphans = [...listed.keys()].filter((id) => !wanted.has(id));
    await mapLimited(orphans, concurrency, async (id) => {
      if (await remove(client, id)) agreed.removed++;
    });
  } catch (error) {
    throw temporalError(error);
  }
  return agreed;
}

/** What shows whether a schedule is as desired. */
export interface State {
  readonly paused: boolean;
  readonly note?: string | undefined;
}

/** A schedule as Temporal lists it. */
export interface Listed extends State {
  /** when it fires next, as Temporal computes it; null when it never does */
  readonly next: Date | null;
}

/** Temporal's list is up to seconds behind: it says which schedules to describe, not what they contain. */
export async function listSchedules(client: Client): Promise<Map<string, Listed>> {
  const found = new Map<string, Listed>();
  const now = Date.now();
  for await (const { scheduleId, state, info } of client.schedule.list()) {
    if (!scheduleId.startsWith(ids.schedulePrefix)) continue;
    const next = (info?.nextActionTimes ?? []).find((time) => time.getTime() > now) ?? null;
    found.set(scheduleId, { paused: state?.paused ?? false, note: state?.note, next });
  }
  return found;
}

/** Throws what Temporal says when it is not there, within seconds: the SDK goes on trying by itself for long. */
export function assertAnswers(client: Client): Promise<unknown> {
  return client.withDeadline(Date.now() + answerWithinMs, () => areRegistered(client));
}

export type Options = ScheduleOptions<ScheduleOptionsStartWorkflowAction<Workflow>> & {
  readonly state: { paused: boolean; note: string };
};

async function agreeOne(client: Client, options: Options, listed: State | undefined): Promise<keyof Agreed> {
  if (listed && agrees(options, listed)) return 'unchanged';
  if (!listed) {
    try {
      await client.schedule.create(options);
      return 'created';
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
  try {
    return await update(client, options);
  } catch (error) {
    // the list was late: it has been removed
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await client.schedule.create(options);
    return 'created';
  }
}

async function update(client: Client, options: Options): Promise<keyof Agreed> {
  const { scheduleId, memo: _memo, ...changes } = options;
  const handle = client.schedule.getHandle(scheduleId);
  const { state } = await handle.describe();
  if (agrees(options, state)) return 'unchanged';
  await handle.update(() => changes);
  if (state.paused === options.state.paused) return 'updated';
  return options.state.paused ? 'paused' : 'unpaused';
}

/** The note carries a hash of everything else, so it alone shows whether anything differs. */
export function agrees({ state }: Options, found: State): boolean {
  return found.paused === state.paused && found.note === state.note;
}

/** False when somebody else has removed it. */
async function remove(client: Client, id: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(id).delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

/** A schedule as it is to be in Temporal. */
export async function optionsOf(client: Client, desired: DesiredSchedule, taskQueue: string): Promise<Options> {
  const { target, strategy, pausedBecause } = desired;
  const carried = target ? await labels(client, target, strategy) : { memo: { strategy } };
  const definition = {
    spec: desired.spec,
    action: {
      type: 'startWorkflow' as const,
      workflowType: desired.workflow,
      workflowId: desired.workflowId,
      taskQueue,
      args: desired.input === undefined ? [] : [desired.input],
      ...(target && strategy !== 'sweep' ? { priority: workflowPriority(strategy, target.connectionId) } : {}),
      ...carried,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: desired.catchupWindowMs },
    ...carried,
  };
  const hash = createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 16);
  const sentence = pausedBecause === undefined ? 'Kept by Tidemark.' : `Paused by Tidemark: ${pausedBecause}.`;
  return {
    scheduleId: desired.id,
    ...definition,
    state: { paused: pausedBecause !== undefined, note: `${sentence} (${hash})` },
  };
}
