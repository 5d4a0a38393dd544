import { AsyncLocalStorage } from 'node:async_hooks';
import type { MockActivityEnvironment } from '@temporalio/testing';

/** What the code of a workflow asks of Temporal. */
export interface FlowCalls {
  execute(flow: Flow, name: string, input: unknown, local: boolean): Promise<unknown>;
  sleep(flow: Flow, duration: string | number): Promise<void>;
  /** Starts a workflow that outlives its parent. Throws WorkflowExecutionAlreadyStartedError while one of this id is running. */
  startAbandoned<I>(workflow: (input: I) => Promise<unknown>, workflowId: string, input: I): Flow;
}

/** One try of an activity. */
export class Attempt {
  /** its process was killed: nothing of it reaches PostgreSQL or the source any more */
  dead = false;
  /** goes on only after the last comparison */
  frozen = false;
  private giveUp: () => void = () => undefined;
  /** resolves when Temporal takes it for dead, although it may still be alive */
  readonly givenUp = new Promise<void>((resolve) => {
    this.giveUp = resolve;
  });
  environment: MockActivityEnvironment | undefined;
  readonly flow: Flow;
  readonly activity: string;
  readonly number: number;
  /** shared by the attempts of one activity: the latest that has taken its part of the run over */
  readonly fence: { latest: number };

  constructor(flow: Flow, activity: string, number: number, fence: { latest: number }) {
    this.flow = flow;
    this.activity = activity;
    this.number = number;
    this.fence = fence;
  }

  abandon(): void {
    this.giveUp();
  }
}

/** One execution of a workflow. */
export interface Flow {
  readonly order: number;
  readonly name: string;
  /** given by the workflow that started it; otherwise its name */
  readonly workflowId: string;
  readonly runId: string;
  status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'TERMINATED';
  /** the attempt that Temporal believes in */
  attempt: Attempt | null;
  result: unknown;
  failure: unknown;
  /** what its code asks of Temporal */
  readonly flows: FlowCalls;
}

/** On whose behalf code runs; outside of flows (checks, set-up) nothing is held back. */
export const current = new AsyncLocalStorage<{ readonly flow: Flow; readonly attempt: Attempt | null }>();
