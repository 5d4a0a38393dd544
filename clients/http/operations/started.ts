import type { z } from 'zod';
import type { StartedVerify } from '../../checks';
import type { StartedRecord } from '../../start';
import type { started } from '../shapes';

/** What identifies one execution of a workflow that was started. */
type Handle =
  | Pick<StartedVerify, 'workflowId' | 'firstExecutionRunId'>
  | Pick<StartedRecord, 'workflowId' | 'signaledRunId'>;

/** By which `/api/outcome` finds what was started. */
export function startedAs(handle: Handle): z.output<typeof started> {
  const workflowRunId = 'signaledRunId' in handle ? handle.signaledRunId : handle.firstExecutionRunId;
  return { workflowId: handle.workflowId, workflowRunId };
}
