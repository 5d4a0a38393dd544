import type { Started } from '../../../temporal/start';

/** By which `outcome` finds what was started. */
export interface StartedIds {
  readonly workflowId: string;
  readonly workflowRunId: string;
}

export function startedIds({ workflowId, workflowRunId }: Started<unknown>): StartedIds {
  return { workflowId, workflowRunId };
}
