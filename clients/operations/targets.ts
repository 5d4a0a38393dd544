import type { Knex } from 'knex';
import { getConnection, type StoredConnection } from '../../destination/connections/connections';
import type { Connector, ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import { nearest } from '../../schema/nearest';

export interface KnownTarget {
  readonly connection: StoredConnection;
  readonly connector: Connector;
  readonly entity: ConnectorEntity;
}

/** The connection's connector. Throws TidemarkError 'NotFound' when tidemark.config.ts does not register it. */
export function connectorOf(
  connectors: readonly Connector[],
  connection: { id: string; connector: string },
): Connector {
  const connector = connectors.find(({ name }) => name === connection.connector);
  if (connector) return connector;
  throw new TidemarkError(
    'NotFound',
    `Connection '${connection.id}' is of connector '${connection.connector}', which tidemark.config.ts does not register: it has ${connectors.map(({ name }) => name).join(', ') || 'none'}.`,
  );
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
  const entity = connector.entities.get(entityName);
  if (entity) return { connection, connector, entity };
  const names = [...connector.entities.keys()];
  const meant = nearest(entityName, names);
  throw new TidemarkError(
    'NotFound',
    `Connection '${connectionId}' (${connector.name}) has no entity ${JSON.stringify(entityName)}. ${meant === undefined ? '' : `Did you mean '${meant}'? `}There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`,
  );
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
