import type { Knex } from 'knex';
import type { Coverage } from '../../schema/coverage';
import type { DeletionGuard } from '../../schema/definition/schedule';
import type { Target } from '../../schema/workflows';
import { query, queryIds } from '../database/query';
import type { Differences } from './diffScan';

export type Difference = 'missing' | 'stale' | 'gone' | 'unlisted';
export type PlanStatus = 'open' | 'waiting' | 'approved' | 'applied' | 'rejected' | 'expired' | 'undone' | 'dry';

export type PlanAbout = 'deletions' | 'related' | 'skipped' | 'excluded' | 'replaced';

export interface Plan extends Target {
  readonly id: string;
  readonly runId: string;
  readonly status: PlanStatus;
  /**
   * `related`: nothing is deleted, but records (the stale ones) keep related records that the source no longer shows;
   * `skipped`: rows (the gone ones) whose record the source has and the mapping leaves out; `excluded`: … and a row of another table excludes
   */
  readonly about: PlanAbout;
  readonly scanStarted: Date;
  readonly liveRows: number;
  readonly missing: number;
  readonly stale: number;
  readonly gone: number;
  readonly unlisted: number;
  readonly deleted: number;
  readonly reason: string | null;
  /** the one partition that it is about; null: the whole, or several */
  readonly partition: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const planColumns = /* sql */ `id::text as id, run_id::text as "runId", connection_id as "connectionId", entity, status, about,
  scan_started as "scanStarted", live_rows as "liveRows", missing, stale, gone, unlisted, deleted, reason, partition, created_at as "createdAt", expires_at as "expiresAt"`;

/** How long an operator has to decide about a plan that waits. */
export const expiry = '72 hours';

export interface NewPlan extends Target {
  readonly runId: string;
  /** milliseconds in PostgreSQL's time */
  readonly scanStarted: number;
  readonly liveRows: number;
}

/** An empty plan of a run; a run that is tried again gets a fresh one, and the former goes, with those of partitions. */
export async function createPlan(trx: Knex.Transaction, plan: NewPlan): Promise<string> {
  await trx.raw(`delete from tidemark.plans where run_id = ? and status in ('open', 'waiting')`, [plan.runId]);
  const { rows } = await trx.raw(
    /* sql */ `
    insert into tidemark.plans (run_id, connection_id, entity, scan_started, live_rows, missing, stale, gone, unlisted, expires_at)
    values (?, ?, ?, ?, ?, 0, 0, 0, 0, now() + ?::interval) returning id::text as id`,
    [plan.runId, plan.connectionId, plan.entity, new Date(plan.scanStarted), plan.liveRows, expiry],
  );
  return rows[0].id;
}

/** What a scan found, and what it covered. */
export async function recordDifferences(
  trx: Knex.Transaction,
  planId: string,
  found: Differences,
  coverage: Coverage | null,
): Promise<void> {
  await trx.raw(
    'update tidemark.plans set missing = ?, stale = ?, gone = ?, unlisted = ?, coverage = ?::jsonb where id = ?',
    [found.missing, found.stale, found.gone, found.unlisted, JSON.stringify(coverage ?? {}), planId],
  );
}

export async function getPlan(db: Knex, planId: string): Promise<Plan | undefined> {
  const { rows } = await db.raw(`select ${planColumns} from tidemark.plans where id = ?`, [planId]);
  return rows[0];
}

/** What the scan of a plan covered; null: everything. */
export async function coverageOfPlan(db: Knex, planId: string): Promise<Coverage | null> {
  const [plan] = await query<{ coverage: Coverage | Record<string, never> }>(
    db,
    'select coverage from tidemark.plans where id = ?',
    [planId],
  );
  return plan && 'notCompared' in plan.coverage ? (plan.coverage as Coverage) : null;
}

/** The run that a plan belongs to; null where it was pruned. */
export async function runOfPlan(db: Knex, planId: string): Promise<string | null> {
  const [plan] = await query<{ run: string }>(db, 'select run_id::text as run from tidemark.plans where id = ?', [
    planId,
  ]);
  return plan?.run ?? null;
}

/** Sets the outcome of a plan; `deleted` is counted from its items. */
export async function settlePlan(db: Knex, planId: string, status: PlanStatus, reason: string | null): Promise<void> {
  await db.raw(
    /* sql */ `
    update tidemark.plans set status = ?, reason = coalesce(?, reason),
      deleted = (select count(*) from tidemark.plan_items where plan_id = ? and outcome = 'deleted')
    where id = ?`,
    [status, reason, planId, planId],
  );
}

/** The next open items of a kind, in order of id. */
export async function openItems(
  db: Knex,
  planId: string,
  differences: readonly Difference[],
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    `select external_id as id from tidemark.plan_items where plan_id = ? and difference = any(?) and outcome = 'open' order by external_id limit ?`,
    [planId, [...differences], limit],
  );
}

export type ItemOutcome = 'fetched' | 'deleted' | 'live' | 'exempt' | 'failed';

/** Notes the outcome of items, in the transaction that did it. Returns how many were open until then. */
export async function closeItems(
  trx: Knex,
  planId: string,
  items: readonly { readonly id: string; readonly outcome: ItemOutcome; readonly detail?: string }[],
): Promise<number> {
  const { rowCount } = await trx.raw(
    /* sql */ `
    update tidemark.plan_items i set outcome = n.outcome, detail = n.detail
    from jsonb_to_recordset(?::jsonb) as n(id text, outcome text, detail text)
    where i.plan_id = ? and i.external_id = n.id and i.outcome = 'open'`,
    [JSON.stringify(items), planId],
  );
  return rowCount ?? 0;
}

/** How the items of a plan came out, by difference and outcome. */
export async function countItems(
  db: Knex,
  planId: string,
): Promise<{ difference: Difference; outcome: string; count: number }[]> {
  const { rows } = await db.raw(
    `select difference, outcome, count(*) as count from tidemark.plan_items where plan_id = ? group by 1, 2 order by 1, 2`,
    [planId],
  );
  return rows;
}

/**
 * Rows that reconciliations of the last 24 hours have soft-deleted: the guard sums over them. Counted from the items, since
 * a run that failed on the way never settled its plan, and has deleted all the same.
 */
export async function deletedLately(db: Knex, { connectionId, entity }: Target): Promise<number> {
  const { rows } = await db.raw(
    /* sql */ `
    select count(*) as deleted from tidemark.plans p join tidemark.plan_items i on i.plan_id = p.id and i.outcome = 'deleted'
    where p.connection_id = ? and p.entity = ? and p.status <> 'undone' and p.created_at > now() - interval '24 hours'`,
    [connectionId, entity],
  );
  return rows[0].deleted;
}

/** Why a plan must wait for an operator, or null when it may go on by itself. */
export function whyWait(
  guard: DeletionGuard,
  plan: { liveRows: number; gone: number; deletedLately: number; scanned: number },
): string | null {
  if (plan.scanned === 0 && plan.liveRows > 0) {
    return `the source listed nothing at all, while ${plan.liveRows} rows are live: an empty list is no evidence of deletion`;
  }
  if (plan.gone === 0) return null;
  const gone = plan.gone + plan.deletedLately;
  const share = gone / Math.max(1, plan.liveRows + plan.deletedLately);
  const above = (ratio: number, rows: number) => share > ratio && gone > rows;
  if (!above(guard.ratio, guard.rows) && !above(guard.highRatio, guard.highRows)) return null;
  const recent = plan.deletedLately > 0 ? ` (with the ${plan.deletedLately} deleted in the last 24 hours)` : '';
  return `${gone} of ${plan.liveRows + plan.deletedLately} rows${recent}, ${(share * 100).toFixed(1)} %, would be soft-deleted: more than the deletion guard allows without approval`;
}

/** Records that a run has applied an approved plan; with a reason, that it deleted nothing and the plan waits again. */
export async function markApplied(db: Knex, planId: string, runId: string, reason: string | null): Promise<void> {
  await db.raw('update tidemark.plans set applied_by = ? where id = ?', [runId, planId]);
  await settlePlan(db, planId, reason === null ? 'applied' : 'waiting', reason);
}
