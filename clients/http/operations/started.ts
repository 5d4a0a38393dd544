import type { Client } from '@temporalio/client';
import type { z } from 'zod';
import type { StartedVerify } from '../../checks';
import type { StartedRecord } from '../../temporal/start';
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

/** Temporal's client goes on trying for twice as long; whoever asks by HTTP rather tries again. */
const startWithinMs = 10_000;

/** Has something started, or says within seconds that Temporal is not there. */
export async function startedSoon(client: Client, start: () => Promise<Handle>): Promise<z.output<typeof started>> {
  return startedAs(await client.withDeadline(Date.now() + startWithinMs, start));
}
