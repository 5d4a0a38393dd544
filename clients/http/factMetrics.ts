import type { Knex } from 'knex';
import { Gauge, type Registry } from 'prom-client';
import { type MetricFacts, readMetricFacts } from '../../destination/readModels/metricFacts';
import type { Connector } from '../../schema/definition/connector';
import { messageOf } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { freshGauge } from './metrics';

/** Scrapes by several within this time share one look at the database. */
const believedMs = 1_000;

/**
 * Adds what the database knows; call what comes back before each scrape. Every server tells the same of it, so in Prometheus
 * take max() over servers, not sum(). With PostgreSQL away a scrape still succeeds: `tidemark_database_up` is 0 then, and
 * what would be old is left out.
 */
export function addFactMetrics(
  registry: Registry,
  { db, connectors, log }: { readonly db: Knex; readonly connectors: readonly Connector[]; readonly log: Log },
): () => Promise<void> {
  const told = gaugesOf(registry);
  const up = new Gauge({
    name: 'tidemark_database_up',
    help: '1 when PostgreSQL answered this scrape',
    registers: [registry],
  });
  let believedUntil = 0;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      told(await readMetricFacts(db, connectors));
      up.set(1);
      believedUntil = performance.now() + believedMs;
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'a scrape went without the database');
      told(nothing);
      up.set(0);
    } finally {
      asking = undefined;
    }
  }

  return async () => {
    if (performance.now() < believedUntil) return;
    asking ??= ask();
    await asking;
  };
}

interface Log {
  warn(details: object, message: string): void;
}

const nothing: MetricFacts = {
  ...{ entities: [], lastRuns: [], inbox: [], setAside: [], plans: [], disputed: [], budgets: [] },
};

const of = ({ connectionId, entity }: Target) => ({ connection: connectionId, entity });

function gaugesOf(registry: Registry): (facts: MetricFacts) => void {
  const target = ['connection', 'entity'] as const;
  const gauge = <Label extends string>(name: string, help: string, labels: readonly Label[]) =>
    freshGauge(registry, name, help, labels);
  const lag = gauge('tidemark_lag_seconds', 'Age of the cursor: up to when an entity is known to be synced', target);
  const proof = gauge('tidemark_proof_age_seconds', 'Since a reconciliation last compared the whole table', target);
  const lastRun = gauge('tidemark_last_run_succeeded', '1 when the last run that ended succeeded, or waits', [
    ...target,
    'strategy',
  ]);
  const open = gauge('tidemark_inbox_open', 'Webhook events that are stored and not processed yet', target);
  const oldest = gauge('tidemark_inbox_oldest_seconds', 'Age of the oldest of them', target);
  const parked = gauge('tidemark_inbox_parked', 'Webhook events that could not be processed', target);
  const setAside = gauge('tidemark_set_aside_open', 'Records that are set aside, by reason', [...target, 'reason']);
  const plans = gauge('tidemark_plans_waiting', 'Plans of deletions that wait for an operator', target);
  const disputed = gauge('tidemark_rows_disputed', 'Rows about which two answers of the source contradict', target);
  const used = gauge('tidemark_budget_used_ratio', 'Share of the rate limit used in its present window', [
    'connection',
  ]);
  const blocked = gauge('tidemark_budget_blocked_seconds', 'Until the source may be asked again', ['connection']);
  return (facts) => {
    const some = (value: number | null): value is number => value !== null;
    lag(facts.entities.flatMap((one) => (some(one.lagSeconds) ? [[of(one), one.lagSeconds] as const] : [])));
    proof(
      facts.entities.flatMap((one) => (some(one.proofAgeSeconds) ? [[of(one), one.proofAgeSeconds] as const] : [])),
    );
    lastRun(facts.lastRuns.map((one) => [{ ...of(one), strategy: one.strategy }, one.succeeded ? 1 : 0]));
    open(facts.inbox.map((one) => [of(one), one.open]));
    oldest(facts.inbox.map((one) => [of(one), one.oldestSeconds]));
    parked(facts.inbox.map((one) => [of(one), one.parked]));
    setAside(facts.setAside.map((one) => [{ ...of(one), reason: one.reason }, Number(one.open)]));
    plans([...byTarget(facts.plans)]);
    disputed(facts.disputed.map((one) => [of(one), Number(one.rows)]));
    used(facts.budgets.map(({ account, used: share }) => [{ connection: account }, share]));
    blocked(facts.budgets.map(({ account, blockedSeconds }) => [{ connection: account }, blockedSeconds]));
  };
}

function byTarget(plans: MetricFacts['plans']): Iterable<readonly [ReturnType<typeof of>, number]> {
  const counted = new Map<string, readonly [ReturnType<typeof of>, number]>();
  for (const plan of plans) {
    const key = `${plan.connectionId}/${plan.entity}`;
    counted.set(key, [of(plan), (counted.get(key)?.[1] ?? 0) + 1]);
  }
  return counted.values();
}
