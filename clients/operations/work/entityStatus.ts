import type { StoredConnection } from '../../../destination/connections/connections';
import type { InboxCount } from '../../../destination/inbox/inboxCare';
import type { EntityFacts, RowCounts, RunSoFar, WaitingPlan } from '../../../destination/readModels/statusFacts';
import type { UnreadPartitions } from '../../../destination/readModels/unreadPartitions';
import type { Unjudged } from '../../../destination/runs/entities';
import type { Owed } from '../../../destination/runs/owed';
import type { SetAsideCount } from '../../../destination/setAside/setAsideEntries';
import type { Coverage } from '../../../schema/coverage';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { ids, type Strategy, type Target } from '../../../schema/workflows';
import type { ScheduleTimes } from '../../schedules/times';
import type { RunState } from '../../temporal/runState';

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

/** What PostgreSQL and Temporal said about all entities, by target. */
export interface Known {
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

/** The status of one entity, from what is known. */
export function entityStatus(known: Known, target: Target, { table, raw }: ConnectorEntity): EntityStatus {
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

export type ByTarget<T> = ReadonlyMap<string, readonly T[]>;

/** What belongs to each target, in the order given. */
export function byTarget<T extends Target>(items: readonly T[]): ByTarget<T> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const list = found.get(keyOf(item));
    if (list) list.push(item);
    else found.set(keyOf(item), [item]);
  }
  return found;
}

/** A target as the key of a map; no connection's id holds a slash. */
export function keyOf({ connectionId, entity }: Target): string {
  return `${connectionId}/${entity}`;
}
