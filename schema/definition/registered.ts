import { TidemarkError } from '../errors';
import { meantOrKnown } from '../text/nearest';
import type { Connector, ConnectorEntity } from './connector';

/**
 * The connector of this name. `where` says where the connectors come from. Throws TidemarkError 'NotFound', which lists the
 * connectors that are registered.
 */
export function connectorNamed(
  connectors: readonly Connector[],
  name: string,
  where = 'tidemark.config.ts registers',
): Connector {
  const found = connectors.find((connector) => connector.name === name);
  if (found) return found;
  const known = meantOrKnown(name, names(connectors), where);
  throw new TidemarkError('NotFound', `There is no connector ${JSON.stringify(name)}. ${known}`);
}

/** The connector of a connection. Throws TidemarkError 'NotFound' when tidemark.config.ts does not register it. */
export function connectorOf(
  connectors: readonly Connector[],
  { id, connector }: { readonly id: string; readonly connector: string },
): Connector {
  const found = connectors.find(({ name }) => name === connector);
  if (found) return found;
  throw new TidemarkError(
    'NotFound',
    `Connection '${id}' is of connector '${connector}', which tidemark.config.ts does not register. ${meantOrKnown(connector, names(connectors), 'It registers')}`,
  );
}

/** The entity of a connector. Throws TidemarkError 'NotFound', which lists the entities of the connector. */
export function entityNamed(connector: Connector, name: string): ConnectorEntity {
  const found = connector.entities.get(name);
  if (found) return found;
  const known = meantOrKnown(name, [...connector.entities.keys()], 'It has');
  throw new TidemarkError('NotFound', `Connector ${connector.name} has no entity ${JSON.stringify(name)}. ${known}`);
}

function names(connectors: readonly Connector[]): string[] {
  return connectors.map(({ name }) => name);
}
