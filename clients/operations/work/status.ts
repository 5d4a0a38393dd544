import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { type Block, blocks } from '../../../destination/budget/budget';
import { getConnection, listConnections, type StoredConnection } from '../../../destination/connections/connections';
import { inboxCounts } from '../../../destination/inbox/inboxCare';
import {
  entityFacts,
  lastRuns,
  type RowCounts,
  type RunSoFar,
  rowCounts,
  waitingPlans,
} from '../../../destination/readModels/statusFacts';
import { unreadPartitions } from '../../../destination/readModels/unreadPartitions';
import { setAsideCounts } from '../../../destination/setAside/setAsideEntries';
import type { Connector } from '../../../schema/definition/connector';
import { mapLimited } from '../../mapLimited';
import type { ScheduleTimes } from '../../schedules/times';
import type { OperationContext } from '../definition/context';
import { byTarget, type EntityStatus, entityStatus, type Known, keyOf, type RunWithState } from './entityStatus';
import { assertNames } from './targets';

export interface Status {
  /** when this was true, in PostgreSQL's time */
  readonly at: Date;
  /** null: Temporal was not asked; then runs whose lease is over are `unknown` and nothing is known of schedules */
  readonly temporal: { readonly reachable: boolean; readonly error: string | null } | null;
  readonly connections: readonly ConnectionStatus[];
}

export interface ConnectionStatus {
  readonly id: string;
  readonly connector: string;
  /** false: tidemark.config.ts does not register its connector, so nothing runs for it and no entities are shown */
  readonly registered: boolean;
  readonly enabled: boolean;
  /** since when nothing is synced because its source accepts none of its credentials, and what the source said */
  readonly needsCredentials: { readonly since: Date; readonly because: string } | null;
  readonly timeZone: string;
  /** webhook deliveries that were signed, but in which the connector found no entity: parked */
  readonly unreadable: number;
  /** until when no worker sends a request to its source, which has asked to wait; null: it may be asked now */
  readonly wait: Block | null;
  readonly entities: readonly EntityStatus[];
}

export interface StatusFilter {
  readonly connectionId?: string | undefined;
  readonly entity?: string | undefined;
}

/**
 * The status of every entity. Temporal is asked where a run is recorded as running, or with `next`: loading its client takes
 * 0.25 s, longer than all the rest, and operators wait for the answer. Throws TidemarkError 'NotFound' for unknown names.
 */
export async function showStatus(
  context: OperationContext,
  {
    next,
    ...which
  }: { readonly connection: string | undefined; readonly entity: string | undefined; readonly next: boolean },
): Promise<Status> {
  await assertNames(context, which);
  const filter = { connectionId: which.connection, entity: which.entity };
  const connectors = await context.connectors((await listConnections(context.db)).map(({ connector }) => connector));
  const read = async (client?: Client) => readStatus(context.db, connectors, client, filter);
  if (next) return read(await context.client());
  const status = await read();
  const running = status.connections
    .flatMap(({ entities }) => entities)
    .flatMap(({ delta, reconciliation }) => [delta.lastRun, reconciliation.lastRun])
    .some((run) => run?.status === 'running');
  return running ? read(await context.client()) : status;
}

/**
 * The status of every entity of every connection. A run counts as running only while Temporal says so; without Temporal
 * (`client` left out, or not reachable) the answer says so and holds what PostgreSQL knows.
 * Throws TidemarkError 'NotFound' for a connection that does not exist.
 */
export async function readStatus(
  db: Knex,
  connectors: readonly Connector[],
  client?: Client,
  { connectionId, entity }: StatusFilter = {},
): Promise<Status> {
  const connections = connectionId === undefined ? await listConnections(db) : [await getConnection(db, connectionId)];
  const temporal = await askTemporal(client);
  const reachable = temporal?.reachable ? client : undefined;
  // one after the other on one connection: opening a second takes longer than all of these
  const facts = await entityFacts(db, connectionId);
  const runs = await withState(db, reachable, await lastRuns(db, connectionId));
  const plans = await waitingPlans(db, connectionId);
  const inbox = await inboxCounts(db, connectionId);
  const setAside = await setAsideCounts(db, connectionId);
  const waits = await blocks(db, connectionId);
  const unread = await unreadPartitions(db, connectionId);
  const rows = await countRows(db, connectors, connections, entity);
  const known: Known = {
    at: facts.now,
    facts: byTarget(facts.facts),
    runs: byTarget(runs),
    plans: byTarget(plans),
    inbox: byTarget(inbox),
    setAside: byTarget(setAside),
    unread: byTarget(unread),
    rows,
    schedules: temporal?.schedules ?? new Map(),
    pauses: new Map(connections.map(({ id, schedules }) => [id, schedules])),
  };
  return {
    at: known.at,
    temporal: temporal && { reachable: temporal.reachable, error: temporal.error },
    connections: connections.map(({ id, connector, enabled, timeZone, ...one }) => ({
      id,
      connector,
      registered: connectors.some(({ name }) => name === connector),
      enabled,
      needsCredentials: one.needsCredentialsSince && {
        since: one.needsCredentialsSince,
        because: one.needsCredentialsBecause ?? '',
      },
      timeZone,
      unreadable: known.inbox.get(keyOf({ connectionId: id, entity: '' }))?.[0]?.parked ?? 0,
      wait: waits.get(id) ?? null,
      entities: [...(connectors.find(({ name }) => name === connector)?.entities.values() ?? [])]
        .filter(({ name }) => entity === undefined || name === entity)
        .map((one) => entityStatus(known, { connectionId: id, entity: one.name }, one)),
    })),
  };
}

async function askTemporal(
  client: Client | undefined,
): Promise<{ reachable: boolean; error: string | null; schedules?: ReadonlyMap<string, ScheduleTimes> } | null> {
  if (client === undefined) return null;
  const [{ readScheduleTimes }, { temporalError }] = await Promise.all([
    import('../../schedules/times.js'),
    import('../../temporal/temporal.js'),
  ]);
  try {
    return { reachable: true, error: null, schedules: await readScheduleTimes(client) };
  } catch (error) {
    // said in the answer: a status without Temporal is better than none
    return { reachable: false, error: temporalError(error).message };
  }
}

async function withState(
  db: Knex,
  client: Client | undefined,
  runs: readonly RunSoFar[],
): Promise<readonly RunWithState[]> {
  return mapLimited(runs, 20, async (run) => {
    if (run.status !== 'running') return { ...run, state: run.status };
    if (client !== undefined) {
      const { stateOf } = await import('../../temporal/runState.js');
      return { ...run, state: await stateOf({ db, client }, run) };
    }
    return { ...run, state: run.leaseExpired ? ('unknown' as const) : ('running' as const) };
  });
}

/** Counts by connection, by table. */
async function countRows(
  db: Knex,
  connectors: readonly Connector[],
  connections: readonly StoredConnection[],
  entity: string | undefined,
): Promise<Map<string, Map<string, RowCounts>>> {
  const used = new Set(connections.map(({ connector }) => connector));
  const entities = connectors
    .filter(({ name }) => used.has(name))
    .flatMap((connector) => [...connector.entities.values()])
    .filter(({ name }) => entity === undefined || name === entity);
  const counted = new Map<string, Map<string, RowCounts>>();
  await mapLimited(entities, 4, async (one) => {
    const counts = await rowCounts(db, one);
    if (counts) counted.set(one.table, counts);
  });
  return counted;
}
