import { createBudget } from '../destination/budget';
import { getConnection } from '../destination/connections';
import { loadSecrets } from '../destination/secrets';
import type { Priority } from '../schema/budget';
import type { Connection } from '../schema/connection';
import type { Connector, ConnectorEntity } from '../schema/connector';
import { parseDuration } from '../schema/duration';
import type { MapContext } from '../schema/entity';
import { TidemarkError } from '../schema/errors';
import type { Target } from '../schema/workflows';
import { createSourceClient, type SourceClient } from '../source/client';
import type { ActivityDeps } from './deps';

/** A connection's entity, ready to be read. */
export interface OpenTarget {
  readonly target: Target;
  readonly connection: Connection;
  readonly connector: Connector;
  readonly entity: ConnectorEntity;
  readonly source: SourceClient;
  readonly mapContext: MapContext;
  readonly readLagMs: number;
  readonly partitions: readonly string[];
}

/** A changed connection or secret is noticed after this long; until then its keep-alive sockets are reused. */
const rememberMs = 2_000;

/**
 * Opens targets, and remembers source clients for a moment, since each holds its keep-alive sockets.
 * Throws NotFound for an unknown connection or entity, with the names that are known.
 */
export function targetOpener({
  db,
  connectors,
  keyRing,
  clock,
}: Pick<ActivityDeps, 'db' | 'connectors' | 'keyRing' | 'clock'>) {
  const remembered = new Map<
    string,
    { until: number; open: Promise<Omit<OpenTarget, 'target' | 'entity' | 'readLagMs' | 'partitions'>> }
  >();

  return async function openTarget(target: Target, priority: Priority): Promise<OpenTarget> {
    const key = `${target.connectionId} ${priority}`;
    let entry = remembered.get(key);
    if (!entry || entry.until < Date.now()) {
      entry = { until: Date.now() + rememberMs, open: openConnection(target.connectionId, priority) };
      remembered.set(key, entry);
      entry.open.catch(() => remembered.delete(key));
    }
    const opened = await entry.open;
    const entity = findEntity(opened.connector, target.entity);
    const { settings } = opened.connection;
    return {
      ...opened,
      target,
      entity,
      readLagMs: parseDuration(entity.readLag),
      partitions: typeof entity.partitions === 'function' ? entity.partitions(settings) : entity.partitions,
    };
  };

  async function openConnection(connectionId: string, priority: Priority) {
    const connection = await getConnection(db, connectionId);
    const connector = findConnector(connectors, connection);
    const secrets = await loadSecrets(db, keyRing, connectionId);
    const { id, settings, timeZone } = connection;
    const budget = createBudget(db, { account: id, rateLimit: connector.rateLimit, priority });
    const source = createSourceClient({ connector, connection: { id, settings, timeZone }, secrets, budget, clock });
    return { connection, connector, source, mapContext: { connection: { id, settings, timeZone } } };
  }
}

export function findConnector(connectors: ReadonlyMap<string, Connector>, { id, connector }: Connection): Connector {
  const found = connectors.get(connector);
  if (found) return found;
  throw new TidemarkError(
    'NotFound',
    `Connection ${id} is of connector '${connector}', which tidemark.config.ts does not register (it has: ${[...connectors.keys()].join(', ')})`,
  );
}

export function findEntity(connector: Connector, entity: string): ConnectorEntity {
  const found = connector.entities.get(entity);
  if (found) return found;
  throw new TidemarkError(
    'NotFound',
    `Connector ${connector.name} has no entity '${entity}'; it has: ${[...connector.entities.keys()].join(', ')}`,
  );
}
