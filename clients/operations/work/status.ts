import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { type Block, blocks } from '../../../destination/budget/budget';
import { getConnection, listConnections, type StoredConnection } from '../../../destination/connections/connections';
import { type InboxCount, inboxCounts } from '../../../destination/inbox/inboxCare';
import {
  type EntityFacts,
  entityFacts,
  lastRuns,
  type RowCounts,
  type RunSoFar,
  rowCounts,
  type WaitingPlan,
  waitingPlans,
} from '../../../destination/readModels/statusFacts';
import { type UnreadPartitions, unreadPartitions } from '../../../destination/readModels/unreadPartitions';
import type { Unjudged } from '../../../destination/runs/entities';
import type { Owed } from '../../../destination/runs/owed';
import { type SetAsideCount, setAsideCounts } from '../../../destination/setAside/setAsideEntries';
import type { Coverage } from '../../../schema/coverage';
import type { Connector, ConnectorEntity } from '../../../schema/definition/connector';
import { ids, type Strategy, type Target } from '../../../schema/workflows';
import { mapLimited } from '../../mapLimited';
import type { ScheduleTimes } from '../../schedules/times';
import type { RunState } from '../../temporal/runState';
import type { OperationContext } from '../definition/context';
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

export interface EntityStatus extends Target {
  readonly table: string;
  /** null until its first delta succeeded */
  readonly cursor: Date | null;
  readonly lagMs: number | null;
  /** the source had forgotten a token: what was deleted since then is unknown until a reconciliation */
  readonly deletionsUnknownSince: Date | null;
  /** null until its table has been made */
  readonly rows: RowCounts | null;
  readonly setAside: number;
  readonly inbox: { readonly open: number; readonly oldest: Date | null; readonly parked: number };
  readonly plansWaiting: readonly WaitingPlan[];
  /** the last reconciliation that compared the whole table; null when none has */
  readonly proved: {
    readonly at: Date;
    /** rows that it found missing, stale or gone, and put right */
    readonly differences: number;
    /** rows that it could not judge, by reason: equal but for these */
    readonly unjudged: Unjudged;
    /** what it compared; null: everything */
    readonly coverage: Coverage | null;
  } | null;
  /** parents whose list the last run could not read; null where it read all */
  readonly unread: Omit<UnreadPartitions, keyof Target> | null;
  /** columns added since rows were read, each with the instant since when: empty in those rows */
  readonly owed: Owed;
  /** false: `raw` is not kept, so that only reading again fills a column */
  readonly keepsRaw: boolean;
  readonly delta: StrategyStatus;
  readonly reconciliation: StrategyStatus;
}

export interface StrategyStatus {
  readonly lastRun: RunWithState | null;
  /** when its schedule fires next; null when it has none, is paused, or Temporal was not asked */
  readonly next: Date | null;
  readonly paused: boolean;
  /** why an operator has paused it; null where none has */
  readonly pausedBecause: string | null;
}

/** `state` is what is true; `status` is what the run itself recorded last. */
export interface RunWithState extends RunSoFar {
  readonly state: RunState | 'unknown';
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
  const connectors = await context.connectors();
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
  const [facts, runs, plans, inbox, setAside, waits, rows, unread] = await Promise.all([
    entityFacts(db, connectionId),
    lastRuns(db, connectionId).then((found) => withState(db, reachable, found)),
    waitingPlans(db, connectionId),
    inboxCounts(db, connectionId),
    setAsideCounts(db, connectionId),
    blocks(db, connectionId),
    countRows(db, connectors, connections, entity),
    unreadPartitions(db, connectionId),
  ]);
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

interface Known {
  readonly at: Date;
  readonly facts: ByTarget<EntityFacts>;
  readonly runs: ByTarget<RunWithState>;
  readonly plans: ByTarget<WaitingPlan>;
  readonly inbox: ByTarget<InboxCount>;
  readonly setAside: ByTarget<SetAsideCount>;
  readonly unread: ByTarget<UnreadPartitions>;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, RowCounts>>;
  readonly schedules: ReadonlyMap<string, ScheduleTimes>;
  readonly pauses: ReadonlyMap<string, StoredConnection['schedules']>;
}

function entityStatus(known: Known, target: Target, { table, raw }: ConnectorEntity): EntityStatus {
  const at = keyOf(target);
  const [facts] = known.facts.get(at) ?? [];
  const [events] = known.inbox.get(at) ?? [];
  const [unread] = known.unread.get(at) ?? [];
  const counted = known.rows.get(table);
  return {
    ...target,
    table,
    cursor: facts?.cursor ?? null,
    lagMs: facts?.cursor ? known.at.getTime() - facts.cursor.getTime() : null,
    deletionsUnknownSince: facts?.deletionsUnknownSince ?? null,
    rows: counted ? (counted.get(target.connectionId) ?? { live: 0, deleted: 0, disputed: 0 }) : null,
    setAside: (known.setAside.get(at) ?? []).reduce((sum, { open }) => sum + Number(open), 0),
    inbox: { open: events?.open ?? 0, oldest: events?.oldest ?? null, parked: events?.parked ?? 0 },
    plansWaiting: known.plans.get(at) ?? [],
    proved: facts?.provedAt
      ? {
          at: facts.provedAt,
          differences: Number(facts.proofDifferences ?? 0),
          unjudged: facts.proofUnjudged,
          coverage: 'notCompared' in facts.proofCoverage ? (facts.proofCoverage as Coverage) : null,
        }
      : null,
    unread: unread ? { counts: unread.counts, some: unread.some } : null,
    owed: facts?.owed ?? {},
    keepsRaw: raw,
    delta: strategyStatus(known, target, 'delta'),
    reconciliation: strategyStatus(known, target, 'reconciliation'),
  };
}

function strategyStatus(known: Known, target: Target, strategy: Strategy): StrategyStatus {
  const schedule = known.schedules.get(ids.schedule(strategy, target));
  const pausedBecause = known.pauses.get(target.connectionId)?.[target.entity]?.paused?.[strategy] ?? null;
  return {
    lastRun: known.runs.get(keyOf(target))?.find((run) => run.strategy === strategy) ?? null,
    next: schedule && !schedule.paused ? schedule.next : null,
    paused: pausedBecause !== null || (schedule?.paused ?? false),
    pausedBecause,
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

type ByTarget<T> = ReadonlyMap<string, readonly T[]>;

function byTarget<T extends Target>(items: readonly T[]): ByTarget<T> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const list = found.get(keyOf(item));
    if (list) list.push(item);
    else found.set(keyOf(item), [item]);
  }
  return found;
}

/** No connection's id holds a slash. */
function keyOf({ connectionId, entity }: Target): string {
  return `${connectionId}/${entity}`;
}
