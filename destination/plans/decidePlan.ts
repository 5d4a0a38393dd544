import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Decision } from '../audit';
import { audit } from '../audit';
import { queryIds } from '../database/query';
import { getPlan, type Plan } from './plans';
import { dropWithheldOf } from './relatedPlan';

/**
 * Lets a waiting plan be applied, or puts it aside for good. Only a plan that waits and has not expired can be decided;
 * of several that wait for one entity, or for one partition of it, only the newest can be approved, since the older ones tell of an older source.
 * Throws TidemarkError 'NotFound', and 'Usage' where there is nothing to decide.
 */
export async function decidePlan(
  db: Knex,
  planId: string,
  decision: 'approved' | 'rejected',
  by: Decision,
): Promise<Plan> {
  return db.transaction(async (trx) => {
    await trx.raw('select id from tidemark.plans where id = ? for update', [numeric(planId)]);
    const plan = await knownPlan(trx, planId);
    const where = `${plan.connectionId}/${plan.entity}`;
    // one that was approved but never applied (Temporal was away, or a reconciliation was on) may be approved again
    const undecided = plan.status === 'waiting' || (plan.status === 'approved' && decision === 'approved');
    if (!undecided || plan.expiresAt.getTime() < Date.now()) {
      const now = undecided ? 'has expired' : `is ${plan.status}`;
      throw new TidemarkError(
        'Usage',
        `Plan ${planId} of ${where} ${now}: there is nothing to decide. \`tidemark status\` shows what waits`,
      );
    }
    const { rows } = await trx.raw(
      `select max(id)::text as newest from tidemark.plans where connection_id = ? and entity = ? and status in ('waiting', 'approved')
         and partition is not distinct from ? and about = (select about from tidemark.plans where id = ?)`,
      [plan.connectionId, plan.entity, plan.partition, planId],
    );
    if (decision === 'approved' && rows[0].newest !== planId) {
      throw new TidemarkError(
        'Usage',
        `Plan ${planId} of ${where} is not the newest waiting plan: decide about plan ${rows[0].newest}, which shows the source at a later time`,
      );
    }
    await trx.raw(
      'update tidemark.plans set status = ?, decided_at = now(), decided_by = ?, decision_reason = ? where id = ?',
      [decision, by.actor, by.reason, planId],
    );
    if (decision === 'rejected') await dropWithheldOf(trx, planId);
    const action = decision === 'approved' ? 'plan approve' : 'plan reject';
    const { connectionId, entity } = plan;
    await audit(trx, {
      ...by,
      action,
      connectionId,
      entity,
      details: { planId, gone: plan.gone, unlisted: plan.unlisted, liveRows: plan.liveRows },
    });
    return knownPlan(trx, planId);
  });
}

/** Throws TidemarkError 'NotFound' for a plan that is not there. */
export async function knownPlan(db: Knex, planId: string): Promise<Plan> {
  const plan = await getPlan(db, String(numeric(planId)));
  if (plan) return plan;
  throw new TidemarkError('NotFound', `There is no plan ${planId}: \`tidemark status\` shows those that wait`);
}

function numeric(planId: string): string {
  return /^\d{1,18}$/.test(planId) ? planId : '0';
}

/** A few of the ids that a plan would delete, for the operator to look up at the source. */
export async function sampleOfPlan(db: Knex, planId: string, limit = 5): Promise<string[]> {
  return queryIds(
    db,
    `select i.external_id as id from tidemark.plan_items i join tidemark.plans p on p.id = i.plan_id
     where i.plan_id = ? and (i.difference in ('gone', 'unlisted') or p.about = 'related') order by md5(i.external_id) limit ?`,
    [planId, limit],
  );
}
