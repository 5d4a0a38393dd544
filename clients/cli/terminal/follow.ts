import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ErrorType } from '../../../schema/errors';
import { type Progress, progressQuery, type Strategy, taskQueue } from '../../../schema/workflows';
import { plural } from './phrases';
import { wait } from './progress';
import { rateText } from './rate';
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
 * caller has a signal of its own, that ends the waiting, and nothing is returned. With `onDeferred`, the waiting also ends once
 * everything that has not ended is deferred because its source said wait: it gets a sentence for each, and nothing is returned.
 */
export async function follow<Result>(
  shell: Shell,
  client: Client,
  followed: readonly Followed<Result>[],
  stop?: AbortSignal,
  onDeferred?: (waits: readonly string[]) => void,
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
  const deferred = new AbortController();
  const seeWaits = (waits: ReadonlyMap<string, string>) => {
    const open = followed.filter(({ name }) => states.get(name) !== 'done');
    if (onDeferred === undefined || open.length === 0 || !open.every(({ name }) => waits.has(name))) return;
    waiting.done();
    onDeferred(open.map(({ name }) => `${name} ${waits.get(name)}`));
    deferred.abort();
  };
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
    void watch(client, followed, states, over.signal, (text) => waiting.update(text), seeWaits);
    const stops = [deferred.signal, ...(stop === undefined ? [] : [stop])].map(aborted);
    return await Promise.race([ends, ...stops]);
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
  seeWaits: (waits: ReadonlyMap<string, string>) => void,
): Promise<void> {
  while (!over.aborted) {
    await sleep(askEveryMs, undefined, { ref: false });
    const waits = new Map<string, string>();
    await Promise.all(
      followed.map(async ({ name, handle }) => {
        if (states.get(name) === 'done') return;
        const { text, wait } = await stateOf(client, handle);
        // it may have ended meanwhile
        if (states.get(name) !== 'done') states.set(name, text);
        if (wait !== undefined) waits.set(name, wait);
      }),
    );
    if (!over.aborted) seeWaits(waits);
    if (!over.aborted) show(followed.map(({ name }) => `${name}: ${states.get(name)}`).join(' | '));
  }
}

/** In words. Never throws: not to know how far a run is does not end the waiting for it. */
async function stateOf(
  client: Client,
  handle: Followed<unknown>['handle'],
): Promise<{ readonly text: string; readonly wait?: string | undefined }> {
  try {
    const { trouble, wait, pages, records, advance } = await activitiesOf(client, handle);
    if (!(await hasWorkers(client))) return { text: "waits for a worker (start one with 'tidemark worker')", wait };
    // one that fetches a single record answers no query
    const progress = await handle.query<Progress>(progressQuery).catch(() => undefined);
    if (progress === undefined) return { text: trouble ?? 'running', wait };
    // the workflow knows what its activities have finished, their heartbeats how far the others are
    const text =
      advance === undefined
        ? progressText({ ...progress, pages: progress.pages + pages, records: progress.records + records })
        : `${progress.phase}, ${rateText({ done: records, ...advance, unit: 'lines' })}`;
    return { text: trouble === undefined ? text : `${text}, ${trouble}`, wait };
  } catch (error) {
    // it has just ended, has not begun, or Temporal is briefly unavailable
    return { text: error instanceof Error ? 'running' : String(error) };
  }
}

function progressText({ phase, pages, records, counts }: Progress): string {
  const errors = counts.errors > 0 ? `, ${counts.errors} set aside` : '';
  return `${phase}, ${plural(pages, 'page')}, ${plural(records, 'record')}${errors}`;
}

interface ActivitiesNow {
  /** what one that is being tried again failed with last */
  readonly trouble: string | undefined;
  /** until when all of them, those of child workflows too, wait because the source said so, and what it said; undefined for short waits */
  readonly wait: string | undefined;
  /** of those that are on, as their last heartbeats say */
  readonly pages: number;
  readonly records: number;
  /** of one that knows how many there are: so many, and how many a second */
  readonly advance: { readonly of: number; readonly rate: number } | undefined;
}

async function activitiesOf(client: Client, handle: Followed<unknown>['handle']): Promise<ActivitiesNow> {
  const pending = await pendingOf(client, await handle.describe());
  const failing = pending.find(({ lastFailure }) => lastFailure);
  const trouble = failing && `attempt ${failing.attempt ?? '?'} after: ${failing.lastFailure?.message ?? 'a failure'}`;
  const wait = pending.every(isDeferred) ? pending.map(waitText)[0] : undefined;
  const beats = pending.flatMap(({ heartbeatDetails }) => {
    const payload = heartbeatDetails?.payloads?.[0];
    return payload ? [defaultPayloadConverter.fromPayload<Beat>(payload)] : [];
  });
  const total = (name: 'pages' | 'records') => beats.reduce((sum, beat) => sum + (beat[name] ?? 0), 0);
  const advance = beats.flatMap(({ of, rate = 0 }) => (of === undefined ? [] : [{ of, rate }]))[0];
  return { trouble, wait, pages: total('pages'), records: total('records'), advance };
}

interface Beat {
  readonly pages?: number;
  readonly records?: number;
  readonly of?: number;
  readonly rate?: number;
}

/** The activities of a workflow and of its children that have not ended: a reconciliation fetches in a child. */
async function pendingOf(client: Client, { raw }: WorkflowExecutionDescription): Promise<Pending[]> {
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map(async ({ workflowId, runId }) => {
      if (!workflowId) return [];
      const described = client.workflow.getHandle(workflowId, runId ?? undefined).describe();
      // one that has just ended waits for nothing
      return described.then((child) => pendingOf(client, child)).catch(() => []);
    }),
  );
  return [...(raw.pendingActivities ?? []), ...children.flat()];
}

/** A command waits for shorter waits. */
const worthWaitingMs = 45_000;

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

function isDeferred(activity: Pending): boolean {
  const type: ErrorType = 'SourceAsksToWait';
  return (
    activity.lastFailure?.applicationFailureInfo?.type === type && nextAttempt(activity) > Date.now() + worthWaitingMs
  );
}

/** In milliseconds since 1970. */
function nextAttempt({ scheduledTime }: Pending): number {
  return Number(scheduledTime?.seconds ?? 0) * 1000;
}

function waitText(activity: Pending): string {
  return `waits until ${new Date(nextAttempt(activity)).toISOString()}: ${activity.lastFailure?.message ?? ''}`;
}

/** Whether any worker polled recently. */
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
