import { audit } from '../../../destination/audit';
import { enableConnection, type StoredConnection } from '../../../destination/connections/connections';
import type { By, OperationContext } from '../definition/context';
import { type AgreedOrLater, agreeOrLater } from '../work/agreeOrLater';
import type { ConnectionInput } from './named';

export interface SwitchedConnection extends AgreedOrLater {
  readonly connection: StoredConnection;
}

/** Lets a connection be synced again, audited. Throws TidemarkError 'NotFound'. */
export function enable(context: OperationContext, input: ConnectionInput, by: By): Promise<SwitchedConnection> {
  return switchTo(context, input, true, by);
}

/**
 * Disables a connection, audited. No run begins and its schedules are paused; running runs continue. Webhooks are still
 * stored, and processed when it is enabled again. Throws TidemarkError 'NotFound'.
 */
export function disable(context: OperationContext, input: ConnectionInput, by: By): Promise<SwitchedConnection> {
  return switchTo(context, input, false, by);
}

async function switchTo(
  context: OperationContext,
  { connection: id }: ConnectionInput,
  enabled: boolean,
  by: By,
): Promise<SwitchedConnection> {
  const connection = await context.db.transaction(async (tx) => {
    const action = enabled ? 'connections enable' : 'connections disable';
    const switched = await enableConnection(tx, id, enabled);
    await audit(tx, { ...by, action, connectionId: id });
    return switched;
  });
  return { connection, ...(await agreeOrLater(context)) };
}
