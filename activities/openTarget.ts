import { createBudget } from '../destination/budget/budget';
import { getConnectionAndSeal, type StoredConnection } from '../destination/connections/connections';
import { openSecrets } from '../destination/connections/secrets';
import { createTokenStore } from '../destination/connections/tokens';
import { createReportJobs } from '../destination/reports/reportJobs';
import type { WriteContext } from '../destination/rows/writeContext';
import { withChosenAuth } from '../schema/definition/auth/chosen';
import type { Connector, ConnectorEntity } from '../schema/definition/connector';
import type { MapContext } from '../schema/definition/mapContext';
import { isFrom } from '../schema/definition/partitions';
import { connectorOf, entityNamed } from '../schema/definition/registered';
import { parseDuration } from '../schema/duration';
import { TidemarkError } from '../schema/errors';
import type { Priority } from '../schema/ports';
import type { Target } from '../schema/workflows';
import { createSourceClient } from '../source/client';
import type { SourceClient } from '../source/contract';
import { remapRecord } from '../source/record/remapRecord';
import type { ActivityDeps } from './deps';

/** A connection's entity, ready to be read. */
export interface OpenTarget {
  readonly target: Target;
  readonly connection: StoredConnection;
  readonly connector: Connector;
  readonly entity: ConnectorEntity;
  readonly source: SourceClient;
  readonly mapContext: Pick<MapContext, 'connection'>;
  readonly readLagMs: number;
  /** as the definition lists them; none where they are records of another entity, see `partitionsFor` */
  readonly partitions: readonly string[];
}

/**
 * What answers of a listing are written with that is not read to prove something: they confirm only where nothing else can. `partition`:
 * whose listing showed them.
 */
export function listedContext(open: OpenTarget, writtenBy: string, partition: string): WriteContext {
  const { deltaSyncField, listings } = open.entity;
  const nothingElse = deltaSyncField === undefined && listings.one === undefined;
  return writeContext(open, writtenBy, nothingElse && 'in passing', partition);
}

/**
 * What answers about an entity are written with. `confirming`: see WriteContext. `partition`: whose listing showed them; null where the
 * request says nothing of it.
 */
export function writeContext(
  { target, entity, readLagMs, mapContext }: OpenTarget,
  writtenBy: string,
  confirming: WriteContext['confirming'],
  partition: string | null = null,
): WriteContext {
  const remap: WriteContext['remap'] = (id, raw, related) => remapRecord(entity, id, raw, mapContext, related);
  const context = { connectionId: target.connectionId, entity, confirming, readLagMs, writtenBy, partition };
  return entity.related === undefined ? context : { ...context, remap };
}

type OpenConnection = Pick<OpenTarget, 'connection' | 'connector' | 'source' | 'mapContext'>;

function declaredPartitions({ partitions }: ConnectorEntity, settings: StoredConnection['settings']): string[] {
  if (isFrom(partitions)) return [];
  return [...new Set(typeof partitions === 'function' ? partitions(settings) : partitions)];
}

function onlyFiles({ connectionId, entity }: Target): TidemarkError {
  return new TidemarkError(
    'Usage',
    `No source is asked for ${connectionId}/${entity}: its rows come from files alone, by 'tidemark import ${connectionId} ${entity} <file>'`,
  );
}

/** Opens an entity of a connection, ready to be read with this priority of its request budget. `forFile`: no source is asked. Throws Usage where only files feed the entity. */
export type TargetOpener = (
  target: Target,
  priority: Priority,
  options?: { readonly forFile?: boolean },
) => Promise<OpenTarget>;

/**
 * Opens targets. A source client is kept, for its keep-alive sockets, as long as connection and secrets are what they were:
 * an operator who has fixed a wrong secret may start a run in the same second.
 * Throws NotFound for an unknown connection or entity, with the names that are known.
 */
export function targetOpener({
  db,
  connectors,
  keyRing,
  clock,
  metrics,
  proxyFor,
  log,
}: Pick<ActivityDeps, 'db' | 'connectors' | 'keyRing' | 'clock' | 'metrics' | 'proxyFor' | 'log'>): TargetOpener {
  const remembered = new Map<string, { readonly madeOf: string; readonly opened: OpenConnection }>();

  return async function openTarget(target, priority, { forFile = false } = {}): Promise<OpenTarget> {
    const opened = await openConnection(target.connectionId, priority);
    const entity = entityNamed(opened.connector, target.entity);
    if (entity.importOnly && !forFile) throw onlyFiles(target);
    const { settings } = opened.connection;
    return {
      ...opened,
      target,
      entity,
      readLagMs: parseDuration(entity.readLag),
      partitions: declaredPartitions(entity, settings),
    };
  };

  async function openConnection(connectionId: string, priority: Priority): Promise<OpenConnection> {
    const { connection, seal, epoch } = await getConnectionAndSeal(db, connectionId);
    const key = `${connectionId} ${priority}`;
    // sealed again, the same secrets have another nonce
    const madeOf = JSON.stringify([
      connection,
      epoch,
      seal?.key_id,
      seal?.nonce.toString('hex'),
      seal?.sealed.toString('hex'),
    ]);
    const before = remembered.get(key);
    if (before?.madeOf === madeOf) return before.opened;
    const secrets = seal === null ? {} : openSecrets(keyRing, connectionId, seal);
    const registered = connectorOf([...connectors.values()], connection);
    const connector = withChosenAuth(registered, Object.keys(secrets));
    const { id, settings, timeZone } = connection;
    const budget = createBudget(db, { account: id, rateLimit: connector.rateLimit, priority });
    const source = createSourceClient({
      ...{ connector, connection: { id, settings, timeZone }, secrets, budget, clock, proxyFor },
      jobs: createReportJobs(db, id),
      ...(connector.auth.scheme === 'oauth2'
        ? { tokens: createTokenStore(db, { connectionId: id, ring: keyRing, epoch }) }
        : {}),
      onAnswer: (status) => metrics.request(id, status),
      onNotice: (text) => log.warn({ connection: id }, text),
    });
    const opened = { connection, connector, source, mapContext: { connection: { id, settings, timeZone } } };
    remembered.set(key, { madeOf, opened });
    return opened;
  }
}
