import type { Knex } from 'knex';
import { getConnection, type StoredConnection } from '../../destination/connections/connections';
import type { Connector, ConnectorEntity } from '../../schema/definition/connector';
import { connectorOf, entityNamed } from '../../schema/definition/registered';

export interface KnownTarget {
  readonly connection: StoredConnection;
  readonly connector: Connector;
  readonly entity: ConnectorEntity;
}

/** Finds connection and entity by name. Throws TidemarkError 'NotFound' with the names that there are. */
export async function findTarget(
  db: Knex,
  connectors: readonly Connector[],
  connectionId: string,
  entityName: string,
): Promise<KnownTarget> {
  const connection = await getConnection(db, connectionId);
  const connector = connectorOf(connectors, connection);
  return { connection, connector, entity: entityNamed(connector, entityName) };
}

/** Checks the names that a list is narrowed down by, so that a mistyped one is told from an empty list. Throws as `findTarget` does. */
export async function assertNames(
  db: Knex,
  connectors: readonly Connector[],
  { connection, entity }: { readonly connection?: string | undefined; readonly entity?: string | undefined },
): Promise<void> {
  if (connection === undefined) return;
  if (entity === undefined) await getConnection(db, connection);
  else await findTarget(db, connectors, connection, entity);
}
