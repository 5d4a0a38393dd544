import { getConnection, type StoredConnection } from '../../../destination/connections/connections';
import type { Connector, ConnectorEntity } from '../../../schema/definition/connector';
import { connectorOf, entityNamed } from '../../../schema/definition/registered';
import type { Target } from '../../../schema/workflows';
import type { OperationContext } from '../definition/context';

/** What names an entity of a connection. */
export interface TargetInput {
  readonly connection: string;
  readonly entity: string;
}

/** Where names are looked up. */
type Names = Pick<OperationContext, 'db' | 'connectors'>;

export interface KnownTarget {
  readonly target: Target;
  readonly connection: StoredConnection;
  readonly connector: Connector;
  readonly entity: ConnectorEntity;
}

/** Finds connection and entity by name. Throws TidemarkError 'NotFound' with the names that there are. */
export async function findTarget(
  { db, connectors }: Names,
  { connection: id, entity: name }: TargetInput,
): Promise<KnownTarget> {
  const connection = await getConnection(db, id);
  const connector = connectorOf(await connectors(), connection);
  const entity = entityNamed(connector, name);
  return { target: { connectionId: id, entity: name }, connection, connector, entity };
}

/** Checks the names that narrow a list down, so that a mistyped name differs from an empty list. Throws as `findTarget` does. */
export async function assertNames(
  context: Names,
  { connection, entity }: { readonly connection?: string | undefined; readonly entity?: string | undefined },
): Promise<void> {
  if (connection === undefined) return;
  if (entity === undefined) await getConnection(context.db, connection);
  else await findTarget(context, { connection, entity });
}
