import type { Knex } from 'knex';
import type { Coverage } from '../../schema/coverage';
import type { Connector } from '../../schema/definition/connector';
import { parseDuration } from '../../schema/duration';
import type { Strategy, Target } from '../../schema/workflows';
import { type InboxCount, inboxCounts } from '../inbox/inboxCare';
import { tableName } from '../rows/format/rowFormat';
import { cursorSql } from '../runs/cursors';
import type { Unjudged } from '../runs/entities';
import { type SetAsideCount, setAsideCounts } from '../setAside/setAsideEntries';
import { type WaitingPlan, waitingPlans } from './statusFacts';

/** The state of everything as PostgreSQL knows it, in numbers; each of it costs a few index lookups. */
export interface MetricFacts {
  readonly entities: readonly EntityAge[];
  readonly lastRuns: readonly LastEnd[];
  readonly inbox: readonly (InboxCount & { readonly oldestSeconds: number })[];
  readonly setAside: readonly SetAsideCount[];
  readonly plans: readonly WaitingPlan[];
  readonly disputed: readonly (Target & { readonly rows: number })[];
  readonly budgets: readonly BudgetUse[];
}

/** Of an entity of an enabled connection, in seconds; null until its first delta, or its first complete reconciliation. */
export interface EntityAge extends Target {
  readonly lagSeconds: number | null;
  readonly proofAgeSeconds: number | null;
  /** rows that the last proof could not judge, by reason */
  readonly proofUnjudged: Unjudged;
  /** what it covered; `{}`: everything */
  readonly proofCoverage: Partial<Coverage>;
}

export interface LastEnd extends Target {
  readonly strategy: Strategy;
  readonly succeeded: boolean;
}

export interface BudgetUse {
  readonly account: string;
  /** of what the source allows in its window: 1 is all of it */
  readonly used: number;
  /** until the source may be asked again; 0 when it didn't say wait */
  readonly blockedSeconds: number;
}

/** Reads them all, one after another on one connection, so that a scrape never takes the pool. */
export async function readMetricFacts(db: Knex, connectors: readonly Connector[]): Promise<MetricFacts> {
  return db.transaction(
    async (tx) => ({
      entities: await entityAges(tx),
      lastRuns: await lastEnds(tx),
      inbox: (await inboxCounts(tx)).map((count) => ({ ...count, oldestSeconds: ageOf(count.oldest) })),
      setAside: await setAsideCounts(tx),
      plans: await waitingPlans(tx),
      disputed: await disputedRows(tx, connectors),
      budgets: await budgetUse(tx, connectors),
    }),
    { readOnly: true },
  );
}

function ageOf(instant: Date | null): number {
  return instant === null ? 0 : Math.max(0, (Date.now() - instant.getTime()) / 1000);
}

async function entityAges(tx: Knex): Promise<EntityAge[]> {
  const { rows } = await tx.raw(
    /* sql */ `
    select e.connection_id as "connectionId", e.entity,
      extract(epoch from clock_timestamp() - ${cursorSql('e')})::float8 as "lagSeconds",
      extract(epoch from clock_timestamp() - e.proved_at)::float8 as "proofAgeSeconds",
      e.proof_unjudged as "proofUnjudged", e.proof_coverage as "proofCoverage"
    from tidemark.entities e join tidemark.connections c on c.id = e.connection_id
    where c.enabled`,
  );
  return rows;
}

/** The last run of each strategy that has ended: one index lookup each, however many runs there are. */
async function lastEnds(tx: Knex): Promise<LastEnd[]> {
  const { rows } = await tx.raw(
    /* sql */ `
    select e.connection_id as "connectionId", e.entity, s.strategy, r.status in ('succeeded', 'waiting') as succeeded
    from tidemark.entities e join tidemark.connections c on c.id = e.connection_id
    cross join unnest(array['delta', 'reconciliation']) as s(strategy)
    cross join lateral (
      select status from tidemark.runs
      where connection_id = e.connection_id and entity = e.entity and runs.strategy = s.strategy and status <> 'running'
      order by id desc limit 1) r
    where c.enabled`,
  );
  return rows;
}

/** By the tables' own small indexes of disputed rows. */
async function disputedRows(tx: Knex, connectors: readonly Connector[]): Promise<MetricFacts['disputed']> {
  const entities = connectors.flatMap((connector) => [...connector.entities.values()]);
  const { rows: there } = await tx.raw(
    `select name from unnest(?::text[]) as name where to_regclass(name) is not null`,
    [entities.map(tableName)],
  );
  const made = new Set(there.map(({ name }: { name: string }) => name));
  const present = entities.filter((entity) => made.has(tableName(entity)));
  if (present.length === 0) return [];
  const counts = present.map(
    (entity) =>
      `select connection_id as "connectionId", cast(? as text) as entity, count(*) as rows
       from ${tableName(entity)} where _disputed_at is not null group by 1`,
  );
  const { rows } = await tx.raw(
    counts.join(' union all '),
    present.map(({ name }) => name),
  );
  return rows;
}

async function budgetUse(tx: Knex, connectors: readonly Connector[]): Promise<BudgetUse[]> {
  const limits = connectors.flatMap(({ name, rateLimit }) =>
    rateLimit === undefined
      ? []
      : [{ connector: name, requests: rateLimit.requests, windowMs: parseDuration(rateLimit.per) }],
  );
  const { rows } = await tx.raw(
    /* sql */ `
    select b.account,
      coalesce((
        select sum(n) from unnest(b.slice_ends, b.slice_counts) as slice(ends, n)
        where ends > extract(epoch from clock_timestamp()) * 1000 - l."windowMs") / l.requests, 0)::float8 as used,
      greatest(0, coalesce(extract(epoch from b.blocked_until - clock_timestamp()), 0))::float8 as "blockedSeconds"
    from tidemark.budgets b join tidemark.connections c on c.id = b.account
    left join jsonb_to_recordset(?::jsonb) as l(connector text, requests float8, "windowMs" float8) on l.connector = c.connector`,
    [JSON.stringify(limits)],
  );
  return rows;
}
