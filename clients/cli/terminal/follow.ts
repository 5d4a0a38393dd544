import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { type Progress, progressQuery, type Strategy, taskQueue } from '../../../schema/workflows';
import { plural } from './phrases';
import { wait } from './progress';
import type { Shell } from './shell';

/** how often a run is asked how far it is */
const askEveryMs = 1_000;

/** A workflow that somebody waits for. */
export interface Followed<Result> {
  readonly name: string;
  readonly handle: Pick<WorkflowHandle, 'query' | 'describe' | 'workflowId'> & { result(): Promise<Result> };
}

export type Ended<Result> = { readonly result: Result } | { readonly error: unknown };

/**
 * Waits until all have ended, showing how far each is. Ctrl-C ends the waiting and not the runs, and says so; where the
 * caller has a signal of its own, that ends the waiting, and nothing is returned.
 */
export async function follow<Result>(
  shell: Shell,
  client: Client,
  followed: readonly Followed<Result>[],
  stop?: AbortSignal,
): Promise<Ended<Result>[]> {
  const waiting = await wait(`waiting for ${followed.map(({ name }) => name).join(', ')}`);
  const interrupted = () => {
    waiting.done();
    shell.say("No longer waiting; what was started goes on. 'tidemark status' shows how far it is.");
    process.exit(130);
  };
  if (stop === undefined) process.once('SIGINT', interrupted);
  const states = new Map<string, string>();
  const over = new AbortController();
  try {
    const ends = Promise.all(
      followed.map(async ({ name, handle }): Promise<Ended<Result>> => {
        try {
          return { result: await handle.result() };
        } catch (error) {
          const { temporalError } = await import('../../temporal/temporal.js');
          return { error: temporalError(error) };
        } finally {
          states.set(name, 'done');
        }
      }),
    );
    void watch(client, followed, states, over.signal, (text) => waiting.update(text));
    return await (stop === undefined ? ends : Promise.race([ends, aborted(stop)]));
  } finally {
    over.abort();
    process.off('SIGINT', interrupted);
    waiting.done();
  }
}

function aborted(signal: AbortSignal): Promise<never[]> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve([]);
    signal.addEventListener('abort', () => resolve([]), { once: true });
  });
}

async function watch(
  client: Client,
  followed: readonly Followed<unknown>[],
  states: Map<string, string>,
  over: AbortSignal,
  show: (text: string) => void,
): Promise<void> {
  while (!over.aborted) {
    await sleep(askEveryMs, undefined, { ref: false });
    await Promise.all(
      followed.map(async ({ name, handle }) => {
        if (states.get(name) !== 'done') states.set(name, await stateOf(client, handle));
      }),
    );
    if (!over.aborted) show(followed.map(({ name }) => `${name}: ${states.get(name)}`).join(' | '));
  }
}

/** In words. Never throws: not to know how far a run is does not end the waiting for it. */
async function stateOf(client: Client, handle: Followed<unknown>['handle']): Promise<string> {
  try {
    const { trouble, pages, records } = await activitiesOf(handle);
    if (!(await hasWorkers(client))) return "waits for a worker (start one with 'tidemark worker')";
    const progress = await handle.query<Progress>(progressQuery);
    // the workflow knows what its activities have finished, their heartbeats how far the others are
    const text = progressText({ ...progress, pages: progress.pages + pages, records: progress.records + records });
    return trouble === undefined ? text : `${text}, ${trouble}`;
  } catch (error) {
    // it has just ended, or has not begun, or Temporal is away for a moment
    return error instanceof Error ? 'running' : String(error);
  }
}

function progressText({ phase, pages, records, counts }: Progress): string {
  const errors = counts.errors > 0 ? `, ${counts.errors} set aside` : '';
  return `${phase}, ${plural(pages, 'page')}, ${plural(records, 'record')}${errors}`;
}

interface ActivitiesNow {
  /** what one that is being tried again failed with last */
  readonly trouble: string | undefined;
  /** of those that are on, as their last heartbeats say */
  readonly pages: number;
  readonly records: number;
}

async function activitiesOf(handle: Followed<unknown>['handle']): Promise<ActivitiesNow> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities ?? [];
  const failing = pending.find(({ lastFailure }) => lastFailure);
  const trouble = failing && `attempt ${failing.attempt ?? '?'} after: ${failing.lastFailure?.message ?? 'a failure'}`;
  const beats = pending.flatMap(({ heartbeatDetails }) => {
    const payload = heartbeatDetails?.payloads?.[0];
    return payload ? [defaultPayloadConverter.fromPayload<{ pages?: number; records?: number }>(payload)] : [];
  });
  const total = (name: 'pages' | 'records') => beats.reduce((sum, beat) => sum + (beat[name] ?? 0), 0);
  return { trouble, pages: total('pages'), records: total('records') };
}

/** Whether any worker has asked for work lately. */
export async function hasWorkers(client: Client): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  return (pollers?.length ?? 0) > 0;
}

/** How people call a run before it has an id. */
export function runName(strategy: Strategy, connectionId: string, entity: string): string {
  return `${strategy} of ${connectionId}/${entity}`;
}
