import type { Knex } from 'knex';
import { Gauge, type Registry } from 'prom-client';
import { type MetricFacts, readMetricFacts } from '../../../destination/readModels/metricFacts';
import type { Connector } from '../../../schema/definition/connector';
import { messageOf } from '../../../schema/errors';
import type { Target } from '../../../schema/workflows';
import { freshGauge } from '../metrics';

/** Scrapes within this time of each other share one query of the database. */
const believedMs = 1_000;

/**
 * Adds gauges of what the database knows, and returns the function that updates them before each scrape. Every server
 * reports the same values, so use max() over servers in Prometheus, not sum(). A scrape succeeds even if PostgreSQL is
 * away: `tidemark_database_up` is 0 then, and the other gauges are left out.
 */
export function addFactMetrics(
  registry: Registry,
  { db, connectors, log }: { readonly db: Knex; readonly connectors: readonly Connector[]; readonly log: Log },
): () => Promise<void> {
  const setGauges = gaugesOf(registry);
  const up = new Gauge({
    name: 'tidemark_database_up',
    help: '1 if PostgreSQL answered this scrape, otherwise 0',
    registers: [registry],
  });
  let believedUntil = 0;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      setGauges(await readMetricFacts(db, connectors));
      up.set(1);
      believedUntil = performance.now() + believedMs;
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'metrics scraped without the database');
      setGauges(nothing);
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
  const lag = gauge(
    'tidemark_lag_seconds',
    'Age of the cursor, the instant up to which an entity is known to be synced',
    target,
  );
  const proof = gauge(
    'tidemark_proof_age_seconds',
    'Time since a reconciliation last compared the whole table',
    target,
  );
  const lastRun = gauge(
    'tidemark_last_run_succeeded',
    '1 if the last run that ended succeeded or waits for an operator, otherwise 0',
    [...target, 'strategy'],
  );
  const open = gauge('tidemark_inbox_open', 'Webhook events that are stored and not yet processed', target);
  const oldest = gauge(
    'tidemark_inbox_oldest_seconds',
    'Age of the oldest webhook event that is not yet processed',
    target,
  );
  const parked = gauge(
    'tidemark_inbox_parked',
    'Parked webhook events (dead letters): they could not be processed',
    target,
  );
  const setAside = gauge('tidemark_set_aside_open', 'Records set aside (dead letters), by reason', [
    ...target,
    'reason',
  ]);
  const plans = gauge('tidemark_plans_waiting', 'Plans whose deletions wait for an operator', target);
  const disputed = gauge(
    'tidemark_rows_disputed',
    'Rows about which two answers of the source contradict each other',
    target,
  );
  const unjudged = gauge('tidemark_proof_unjudged', 'Rows that the last proof could not judge, by reason', [
    ...target,
    'reason',
  ]);
  const notCompared = gauge(
    'tidemark_proof_rows_not_compared',
    'Live rows that the last proof does not cover, by reason',
    [...target, 'reason'],
  );
  const partitionsProved = gauge(
    'tidemark_proof_partitions',
    'Partitions that the last proof compared, and those that are known',
    [...target, 'state'],
  );
  const used = gauge('tidemark_budget_used_ratio', 'Share of the rate limit used in the current window', [
    'connection',
  ]);
  const blocked = gauge('tidemark_budget_blocked_seconds', 'Time until the source accepts requests again', [
    'connection',
  ]);
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
    unjudged(
      facts.entities.flatMap((one) =>
        Object.entries(one.proofUnjudged).map(([reason, count]) => [{ ...of(one), reason }, count] as const),
      ),
    );
    notCompared(
      facts.entities.flatMap((one) =>
        Object.entries(one.proofCoverage.notCompared ?? {}).map(
          ([reason, count]) => [{ ...of(one), reason }, count] as const,
        ),
      ),
    );
    partitionsProved(
      facts.entities.flatMap((one) =>
        Object.entries(one.proofCoverage.partitions ?? {}).map(
          ([state, count]) => [{ ...of(one), state }, count] as const,
        ),
      ),
    );
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
