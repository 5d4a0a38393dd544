import type { ConnectorEntity } from '../../schema/definition/connector';
import type { SingleRecordInput, Target } from '../../schema/workflows';
import { type StartContext, startWorkflow } from '../temporal/start';
import { inbox, singleRecord } from '../temporal/workflows';

/** Starts fetching one record; one that is being fetched is fetched once more. */
export async function wakeRecord(
  context: StartContext,
  entity: ConnectorEntity,
  input: SingleRecordInput,
): Promise<void> {
  await startWorkflow(context, singleRecord(entity), input);
}

/** Starts fetching, in batches, whatever is open in the inbox for one entity of a connection. */
export async function wakeInbox(context: StartContext, { connectionId, entity }: Target): Promise<void> {
  await startWorkflow(context, inbox, { connectionId, entity, batch: { of: 'inbox' } });
}
