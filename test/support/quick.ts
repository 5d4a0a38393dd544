import type { Connector } from '../../schema/definition/connector';

/** The same connector without a rate limit and with a short read lag, so that tests need not wait. */
export function quick(connector: Connector, readLag = '1s'): Connector {
  const entities = [...connector.entities].map(([name, entity]) => [name, { ...entity, readLag }] as const);
  return { ...connector, rateLimit: undefined, entities: new Map(entities) };
}
