import type { Knex } from 'knex';
import type { Coverage } from '../../schema/coverage';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { sampleOfPlan } from '../plans/decidePlan';
import type { PlanAbout } from '../plans/plans';
import { tableName } from '../rows/format/rowFormat';
import { cursorSql } from '../runs/cursors';
import type { Unjudged } from '../runs/entities';
import type { Owed } from '../runs/owed';
import { type Run, runColumns } from '../runs/runs';

/** What is known of an entity of a connection, whatever ran. */
export interface EntityFacts extends Target {
  readonly cursor: Date | null;
  /** the source had forgotten a token: what was deleted since then is unknown until a reconciliation */
  readonly deletionsUnknownSince: Date | null;
  readonly provedAt: Date | null;
  readonly proofDifferences: number | null;
  /** rows that the last proof could not judge, by reason */
  readonly proofUnjudged: Unjudged;
  /** what the last proof covered; `{}`: everything */
  readonly proofCoverage: Coverage | Record<string, never>;
  /** columns added since rows were read, see `runs/owed.ts` */
  readonly owed: Owed;
}

/** PostgreSQL's time, and what tidemark.entities holds, of all connections or one. */
export async function entityFacts(db: Knex, connectionId?: string): Promise<{ now: Date; facts: EntityFacts[] }> {
  const { rows: clock } = await db.raw('select clock_timestamp() as now');
  const { rows } = await db.raw(
    `select connection_id as "connectionId", entity, ${cursorSql('e')} as cursor,
       (select min(k.deletions_unknown_since) from tidemark.cursors k where k.connection_id = e.connection_id and k.entity = e.entity) as "deletionsUnknownSince",
       proved_at as "provedAt", proof_differences as "proofDifferences",
       proof_unjudged as "proofUnjudged", proof_coverage as "proofCoverage", owed
     from tidemark.entities e where cast(:connectionId as text) is null or connection_id = :connectionId`,
    { connectionId: connectionId ?? null },
  );
  return { now: clock[0].now, facts: rows };
}

/** A run with what its parts have committed so far. */
export interface RunSoFar extends Run {
  readonly pagesSoFar: number;
  readonly recordsSoFar: number;
}

/** The last run of each strategy of each entity: its one index lookup each, however many runs there are. */
export async function lastRuns(db: Knex, connectionId?: string): Promise<RunSoFar[]> {
  const { rows } = await db.raw(
    /* sql */ `
    select r.*, p.*
    from tidemark.entities e
    cross join unnest(array['delta', 'reconciliation']) as s(wanted)
    cross join lateral (
      select ${runColumns} from tidemark.runs
      where connection_id = e.connection_id and entity = e.entity and strategy = s.wanted order by tidemark.runs.id desc limit 1) r
    cross join lateral (
      select coalesce(sum(pages), 0) as "pagesSoFar", coalesce(sum(records), 0) as "recordsSoFar"
      from tidemark.run_parts where run_id = r.id::bigint) p
    where cast(:connectionId as text) is null or e.connection_id = :connectionId`,
    { connectionId: connectionId ?? null },
  );
  return rows.map((row: RunSoFar) => ({
    ...row,
    pagesSoFar: Number(row.pagesSoFar),
    recordsSoFar: Number(row.recordsSoFar),
  }));
}

export interface WaitingPlan extends Target {
  readonly id: string;
  /** `related`: nothing would be deleted, but related records taken away from the stale ones; `skipped`: the mapping leaves their records out */
  readonly about: PlanAbout;
  readonly runId: string;
  readonly liveRows: number;
  readonly missing: number;
  readonly stale: number;
  /** live rows that the source did not list */
  readonly gone: number;
  /** such rows that were received so recently that absence says nothing of them */
  readonly unlisted: number;
  /** of the live rows, the share that it would delete, or whose related records it would take away: from 0 to 1 */
  readonly ratio: number;
  /** some of their ids, for looking them up at the source */
  readonly sample: readonly string[];
  readonly reason: string | null;
  /** the one partition that it is about; null: the whole, or several */
  readonly partition: string | null;
  readonly expiresAt: Date;
}

/** Ids of a plan that status shows. */
const sampleSize = 5;

/** Plans above the deletion guard that an operator has to decide about. */
export async function waitingPlans(db: Knex, connectionId?: string): Promise<WaitingPlan[]> {
  const { rows } = await db.raw(
    `select id::text as id, run_id::text as "runId", connection_id as "connectionId", entity, about, live_rows as "liveRows", missing, stale,
       gone, unlisted, reason, partition, expires_at as "expiresAt"
     from tidemark.plans
     where status = 'waiting' and expires_at > now() and (cast(:connectionId as text) is null or connection_id = :connectionId)
     order by tidemark.plans.id`,
    { connectionId: connectionId ?? null },
  );
  const plans: Omit<WaitingPlan, 'ratio' | 'sample'>[] = rows;
  return Promise.all(
    plans.map(async (plan) => ({
      ...plan,
      ratio: (plan.about === 'related' ? plan.stale : plan.gone + plan.unlisted) / Math.max(1, plan.liveRows),
      sample: await sampleOfPlan(db, plan.id, sampleSize),
    })),
  );
}

export interface RowCounts {
  readonly live: number;
  /** soft-deleted */
  readonly deleted: number;
  readonly disputed: number;
}

/** Rows of an entity's table by connection; undefined when the table has not been made yet. Reads the whole table. */
export async function rowCounts(db: Knex, entity: ConnectorEntity): Promise<Map<string, RowCounts> | undefined> {
  const { rows: found } = await db.raw('select to_regclass(?) is not null as there', [tableName(entity)]);
  if (!found[0].there) return undefined;
  const { rows } = await db.raw(
    /* sql */ `
    select connection_id, count(*) filter (where deleted_at is null) as live,
      count(*) filter (where deleted_at is not null) as deleted, count(*) filter (where _disputed_at is not null) as disputed
    from ${tableName(entity)} group by 1`,
  );
  return new Map(
    rows.map(({ connection_id, live, deleted, disputed }: RowCounts & { connection_id: string }) => [
      connection_id,
      { live: Number(live), deleted: Number(deleted), disputed: Number(disputed) },
    ]),
  );
}
