import { WorkflowNotFoundError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities';
import type { ActivityDeps } from '../../activities/deps';
import { parseDuration } from '../../schema/duration';
import { Attempt, current, type Flow } from './attempt';
import type { Scheduler } from './scheduler';
import type { Timeline } from './timeline';

const retriesAtMost = 12;
const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Runs the engine's workflows in this process: their own code, over the activities' own code, attempt by attempt. */
export class Flows {
  readonly all: Flow[] = [];
  private readonly scheduler: Scheduler;
  private readonly timeline: Timeline;
  activities: Activities | undefined;

  constructor(scheduler: Scheduler, timeline: Timeline) {
    this.scheduler = scheduler;
    this.timeline = timeline;
  }

  /** As much of Temporal's client as activities use: what became of a workflow. */
  readonly client = {
    workflow: {
      getHandle: (workflowId: string, runId: string) => ({
        describe: async () => {
          const flow = this.all.find((other) => other.runId === runId);
          if (!flow) throw new WorkflowNotFoundError('no such workflow', workflowId, runId);
          return { status: { name: flow.status } };
        },
      }),
    },
  } as unknown as ActivityDeps['temporal'];

  startAbandoned<I>(workflow: (input: I) => Promise<unknown>, workflowId: string, input: I): Flow {
    if (this.all.some((other) => other.workflowId === workflowId && other.status === 'RUNNING'))
      throw new WorkflowExecutionAlreadyStartedError('Workflow execution already started', workflowId, workflow.name);
    return this.start(workflow, input, workflowId);
  }

  start<I, R>(workflow: (input: I) => Promise<R>, input: I, workflowId?: string): Flow {
    const order = this.all.length;
    const name = `${workflow.name}-${order}`;
    const flow: Flow = {
      order,
      name,
      workflowId: workflowId ?? name,
      runId: `${Date.now()}-${performance.now()}-${order}`,
      status: 'RUNNING',
      attempt: null,
      result: undefined,
      failure: undefined,
      flows: this,
    };
    this.all.push(flow);
    current.run({ flow, attempt: null }, () => {
      workflow(input).then(
        (result) => {
          if (flow.status === 'TERMINATED') return;
          flow.result = result;
          flow.status = 'COMPLETED';
        },
        (error) => {
          flow.failure = error;
          if (flow.status !== 'TERMINATED') flow.status = 'FAILED';
        },
      );
    });
    return flow;
  }

  /** An activity with its retries, as Temporal does them. */
  async execute(flow: Flow, name: string, input: unknown, local: boolean): Promise<unknown> {
    const fence = { latest: 0 };
    for (let number = 1; ; number++) {
      const attempt = new Attempt(flow, name, number, fence);
      flow.attempt = attempt;
      const ended = this.attempt(attempt, input).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      const outcome = await Promise.race([ended, attempt.givenUp.then(() => 'given-up' as const)]);
      if (flow.status === 'TERMINATED') return new Promise(() => undefined);
      flow.attempt = null;
      if (outcome !== 'given-up' && 'value' in outcome && !attempt.dead) return wire(outcome.value);
      const error = outcome !== 'given-up' && 'error' in outcome ? outcome.error : undefined;
      const final = error instanceof ApplicationFailure && error.nonRetryable && !attempt.dead;
      if (final || local || number >= retriesAtMost) {
        const cause = error instanceof Error ? error : new Error('given up');
        throw new ActivityFailure('Activity task failed', name, '1', 'NON_RETRYABLE_FAILURE', undefined, cause);
      }
    }
  }

  private attempt(attempt: Attempt, input: unknown): Promise<unknown> {
    const { flow, activity, number } = attempt;
    const environment = new MockActivityEnvironment(
      {
        attempt: number,
        activityType: activity,
        workflowExecution: { workflowId: flow.name, runId: flow.runId },
      },
      { logger: silent },
    );
    attempt.environment = environment;
    // nobody waits for a pause of an activity, but time passes
    Object.assign(environment.context, { sleep: async (milliseconds: number) => this.timeline.pass(milliseconds) });
    const run = (this.activities as unknown as Record<string, (input: unknown) => Promise<unknown>>)[activity];
    if (!run) throw new Error(`there is no activity ${activity}`);
    this.scheduler.alive.add(attempt);
    return current
      .run({ flow, attempt }, () => environment.run(run, wire(input)))
      .finally(() => {
        this.scheduler.alive.delete(attempt);
        this.scheduler.changed();
      });
  }

  /** Its process is killed. `committed`: a commit that was under way takes place all the same. */
  kill(attempt: Attempt, committed: boolean): void {
    attempt.dead = true;
    attempt.abandon();
    attempt.environment?.cancel('WORKER_SHUTDOWN');
    for (const gate of this.scheduler.gatesOf(attempt)) {
      if (gate.kind === 'commit' && committed) this.scheduler.open(gate, { stale: 0 });
      else this.scheduler.refuse(gate);
    }
  }

  terminate(flow: Flow): void {
    flow.status = 'TERMINATED';
    if (flow.attempt) this.kill(flow.attempt, false);
    for (const gate of this.scheduler.ready())
      if (gate.flow === flow && gate.attempt === null) this.scheduler.remove(gate);
  }

  sleep(flow: Flow, duration: string | number): Promise<void> {
    const milliseconds = typeof duration === 'number' ? duration : parseDuration(duration);
    return this.scheduler.timer(flow, this.timeline.now + milliseconds);
  }
}

/** What is left of a value when it has been in a history. */
function wire(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
