import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { knownPlan } from './decidePlan';
import { type Difference, openItems, type Plan } from './plans';

/** A plan and the run that works on it. */
export interface PlanWork extends Target {
  readonly runId: string;
  readonly planId: string;
}

/**
 * The plan of the caller's own entity; also of its own run, where `runId` is given. Whoever reaches Temporal can name any plan in a
 * workflow's input. Throws NotFound, and Usage for a plan of another entity or run.
 */
export async function ownPlan(
  db: Knex,
  { planId, connectionId, entity, runId }: Target & { readonly planId: string; readonly runId?: string },
): Promise<Plan> {
  const plan = await knownPlan(db, planId);
  if (plan.connectionId !== connectionId || plan.entity !== entity) {
    throw new TidemarkError(
      'Usage',
      `Plan ${planId} is of ${plan.connectionId}/${plan.entity}, not of ${connectionId}/${entity}`,
    );
  }
  if (runId !== undefined && plan.runId !== runId)
    throw new TidemarkError('Usage', `Plan ${planId} is of run ${plan.runId}, not of run ${runId}`);
  return plan;
}

/**
 * Takes an approved plan over for a run that is to apply it. The plan of the run itself needs no approval; `assertMayDelete` tells the two
 * apart. Throws Usage where the plan is neither, has expired, or is being applied by another run.
 */
export async function takePlan(db: Knex, work: PlanWork): Promise<Plan> {
  const { connectionId, entity, planId } = work;
  const plan = await ownPlan(db, { connectionId, entity, planId });
  if (plan.runId !== work.runId) {
    await db.raw(
      /* sql */ `
      update tidemark.plans p set applied_by = :runId
      where p.id = :planId and p.status = 'approved' and p.applied_by is distinct from :runId and p.expires_at > clock_timestamp()
        and not exists (select from tidemark.runs r where r.id = p.applied_by and r.status = 'running')`,
      { planId: work.planId, runId: work.runId },
    );
  }
  await assertMayDelete(db, work);
  return plan;
}

/**
 * Throws Usage unless the database says that this run may delete by this plan: the plan is open, drawn by the run itself, and the
 * deletion guard lets it through; or an operator has approved it and the run has taken it over. Locks the plan in a transaction, so that
 * a decision that comes later finds either all of a batch or nothing. A dry run never may.
 */
export async function assertMayDelete(trx: Knex, { planId, runId }: Omit<PlanWork, keyof Target>): Promise<void> {
  const { rows } = await trx.raw(
    /* sql */ `
    select p.status, p.reason, coalesce(
        (p.status = 'open' and p.run_id = r.id and p.reason is null or p.status = 'approved' and p.applied_by = r.id)
        and r.status = 'running' and not r.dry_run and r.strategy = 'reconciliation'
        and r.connection_id = p.connection_id and r.entity = p.entity, false) as allowed
    from tidemark.plans p left join tidemark.runs r on r.id = :runId
    where p.id = :planId for share of p`,
    { planId, runId },
  );
  const [found] = rows as { status: string; reason: string | null; allowed: boolean }[];
  if (found?.allowed) return;
  const state = found ? `is ${found.status}${found.reason === null ? '' : ` (${found.reason})`}` : 'does not exist';
  throw new TidemarkError(
    'Usage',
    `Plan ${planId} ${state}: run ${runId} may delete nothing by it. An operator decides with \`tidemark approve\``,
  );
}

/** Keeps with an open plan why it waits, so that no activity deletes by it. */
export async function holdPlan(db: Knex, planId: string, reason: string | null): Promise<void> {
  if (reason === null) return;
  await db.raw(`update tidemark.plans set reason = ? where id = ? and status = 'open'`, [reason, planId]);
}

/**
 * Throws Usage where a run wants to end as if it had applied a plan that it may not apply, or that it has not seen to: what a
 * workflow's caller says is no evidence. A plan that the run has settled already is fine: ending twice is ending once.
 */
export async function assertApplies(db: Knex, work: PlanWork, reason: string | null): Promise<void> {
  const { connectionId, entity, planId } = work;
  const plan = await ownPlan(db, { connectionId, entity, planId });
  const { rows } = await db.raw(`select applied_by::text as run from tidemark.plans where id = ?`, [work.planId]);
  if (plan.status !== 'approved' && rows[0].run === work.runId) return;
  await assertMayDelete(db, work);
  if (reason === null) await assertNoneOpen(db, work.planId, ['gone']);
}

/**
 * Throws Usage where a reconciliation wants to end as having proved the table equal while the plan is another run's, must wait for
 * an operator, or has differences that are still open. A dry run proves nothing.
 */
export async function assertSettled(
  db: Knex,
  work: PlanWork & { readonly wait: string | null; readonly dryRun: boolean },
): Promise<void> {
  const plan = await ownPlan(db, work);
  const { wait, dryRun, planId } = work;
  // a run above the deletion guard waits, whatever its caller says
  if (dryRun || wait !== null || plan.status !== 'open') return;
  if (plan.reason !== null) {
    throw new TidemarkError('Usage', `Plan ${planId} must wait for an operator: ${plan.reason}`);
  }
  await assertNoneOpen(db, planId, ['missing', 'stale', 'gone']);
}

async function assertNoneOpen(db: Knex, planId: string, differences: readonly Difference[]): Promise<void> {
  const open = await openItems(db, planId, differences, 1);
  if (open.length === 0) return;
  throw new TidemarkError('Usage', `Plan ${planId} has differences that no activity has dealt with: it is not applied`);
}
