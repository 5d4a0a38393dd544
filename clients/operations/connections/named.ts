import type { Connector, ConnectorEntity } from '../../../schema/definition/connector';

/** What names a connection. */
export interface ConnectionInput {
  readonly connection: string;
}

/** The entities of a connection; none where its connector is not registered. */
export function entitiesOf(
  connectors: readonly Connector[],
  { connector }: { readonly connector: string },
): ConnectorEntity[] {
  return [...(connectors.find(({ name }) => name === connector)?.entities.values() ?? [])];
}
