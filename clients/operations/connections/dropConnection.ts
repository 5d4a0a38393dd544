import { enableConnection, getConnection } from '../../../destination/connections/connections';
import { type RowsOfTable, removeConnection } from '../../../destination/connections/removeConnection';
import { connectorOf } from '../../../schema/definition/registered';
import type { By, OperationContext } from '../definition/context';
import { type AgreedOrLater, agreeOrLater } from '../work/agreeOrLater';
import { type ConnectionInput, entitiesOf } from './named';

export interface RemovedConnection extends AgreedOrLater {
  readonly connectionId: string;
  readonly rows: 'kept' | 'deleted';
  readonly tables: readonly RowsOfTable[];
}

/**
 * Removes a connection with everything that the engine stores of it, its schedules and secrets; its rows in the entities' tables
 * are kept or deleted. Audited. Throws TidemarkError 'NotFound', also when rows should be deleted although its connector is not
 * registered, so that its tables are unknown; 'AlreadyRunning' while a run is running (it is disabled then).
 */
export async function dropConnection(
  context: OperationContext,
  { connection: id, rows }: ConnectionInput & { readonly rows: 'keep' | 'delete' },
  by: By,
): Promise<RemovedConnection> {
  const { db } = context;
  const connectors = await context.connectors();
  const connection = await getConnection(db, id);
  if (rows === 'delete') connectorOf(connectors, connection);
  await enableConnection(db, id, false);
  const entities = entitiesOf(connectors, connection);
  const tables = await removeConnection(db, id, { entities, deleteRows: rows === 'delete' }, by);
  return { connectionId: id, rows: rows === 'delete' ? 'deleted' : 'kept', tables, ...(await agreeOrLater(context)) };
}
