import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { query, queryIds } from '../database/query';
import { leftOutYet } from '../rows/deleteLeftOut';
import { userEditsSql } from '../rows/edits/userEdits';
import { tableName } from '../rows/format/rowFormat';
import type { LeftOutReason } from '../rows/leftOut';
import { expiry } from './plans';

/** What a plan item says of a row that was deleted because its record is left out. */
export const leftOutDetail: Readonly<Record<LeftOutReason, string>> = {
  skipped: 'left out by the mapping',
  excluded: 'excluded by another row',
  replaced: 'no longer listed by its day',
};

/** The plan about rows whose record is left out for this reason that is not decided, or approved and not applied yet. */
export async function openLeftOutPlan(
  db: Knex,
  { connectionId, entity }: Target,
  about: LeftOutReason,
): Promise<{ readonly id: string; readonly status: 'waiting' | 'approved' } | undefined> {
  const [plan] = await query<{ id: string; status: 'waiting' | 'approved' }>(
    db,
    `select id::text as id, status from tidemark.plans
     where connection_id = ? and entity = ? and about = ? and status in ('waiting', 'approved') and expires_at > clock_timestamp()
     order by tidemark.plans.id desc limit 1`,
    [connectionId, entity, about],
  );
  return plan;
}

/** Has every live row whose record is left out for a reason wait for an operator, in one plan: the one that waits already, or a new one of this run. */
export async function holdLeftOut(
  trx: Knex.Transaction,
  { connectionId }: Pick<Target, 'connectionId'>,
  entity: ConnectorEntity,
  {
    about,
    runId,
    liveRows,
    reason,
  }: { readonly about: LeftOutReason; readonly runId: string; readonly liveRows: number; readonly reason: string },
): Promise<void> {
  const target = { connectionId, entity: entity.name };
  const waiting = await openLeftOutPlan(trx, target, about);
  const planId = waiting?.id ?? (await newPlan(trx, target, { about, runId, status: 'waiting', liveRows }));
  await trx.raw('select from tidemark.plans where id = ? for update', [planId]);
  await trx.raw('delete from tidemark.plan_items where plan_id = ?', [planId]);
  await trx.raw(
    /* sql */ `
    insert into tidemark.plan_items (plan_id, external_id, difference, cause)
    select :planId, c.external_id, 'gone', :about from ${tableName(entity)} c
    where c.connection_id = :connectionId and ${leftOutYet} and c._left_out = :about and not ${await userEditsSql(trx, entity, 'c')}`,
    { planId, connectionId, about },
  );
  await trx.raw(
    `update tidemark.plans set reason = ?, live_rows = ?, gone = (select count(*) from tidemark.plan_items where plan_id = ?) where id = ?`,
    [reason, liveRows, planId, planId],
  );
}

/** Notes rows that a run has deleted because their record is left out, in its applied plan, so that the guard counts them and `undo` finds them. */
export async function noteLeftOut(
  trx: Knex.Transaction,
  target: Target,
  {
    about,
    runId,
    liveRows,
    ids,
  }: {
    readonly about: LeftOutReason;
    readonly runId: string;
    readonly liveRows: number;
    readonly ids: readonly string[];
  },
): Promise<void> {
  if (ids.length === 0) return;
  const [known] = await queryIds(
    trx,
    `select id::text as id from tidemark.plans where run_id = ? and about = ? and status = 'applied' limit 1`,
    [runId, about],
  );
  const planId = known ?? (await newPlan(trx, target, { about, runId, status: 'applied', liveRows }));
  await trx.raw(
    /* sql */ `
    insert into tidemark.plan_items (plan_id, external_id, difference, outcome, cause, detail)
    select :planId, id, 'gone', 'deleted', :about, :detail from unnest(cast(:ids as text[])) as u(id)
    on conflict do nothing`,
    { planId, about, ids: [...ids], detail: leftOutDetail[about] },
  );
  await trx.raw(
    `update tidemark.plans set (gone, deleted) = (select count(*), count(*) from tidemark.plan_items where plan_id = ?) where id = ?`,
    [planId, planId],
  );
}

async function newPlan(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  {
    about,
    runId,
    status,
    liveRows,
  }: { readonly about: LeftOutReason; readonly runId: string; readonly status: string; readonly liveRows: number },
): Promise<string> {
  const [planId = ''] = await queryIds(
    trx,
    /* sql */ `
    insert into tidemark.plans (run_id, connection_id, entity, about, status, scan_started, live_rows, missing, stale, gone, unlisted, expires_at)
    values (?, ?, ?, ?, ?, clock_timestamp(), ?, 0, 0, 0, 0, now() + ?::interval) returning id::text as id`,
    [runId, connectionId, entity, about, status, liveRows, expiry],
  );
  return planId;
}

/** Ends plans of whose rows none is left out any more, so that there is nothing to decide about. */
export async function closeLeftOutPlans(
  db: Knex,
  { connectionId, entity }: Target,
  about: LeftOutReason,
): Promise<void> {
  await db.raw(
    /* sql */ `
    update tidemark.plans set status = 'expired', reason = reason || ' (since then they are no longer left out, or they are deleted)'
    where connection_id = ? and entity = ? and about = ? and status = 'waiting'`,
    [connectionId, entity, about],
  );
}

/** Whether live rows are left out, or a plan waits that may have nothing left to decide about. */
export async function isAnyLeftOut(
  db: Knex,
  { connectionId }: Pick<Target, 'connectionId'>,
  entity: ConnectorEntity,
): Promise<boolean> {
  const [found] = await query<{ any: boolean }>(
    db,
    /* sql */ `
    select exists (select from ${tableName(entity)} c where c.connection_id = :connectionId and ${leftOutYet})
      or exists (select from tidemark.plans where connection_id = :connectionId and entity = :entity and about in ('skipped', 'excluded', 'replaced') and status = 'waiting') as any`,
    { connectionId, entity: entity.name },
  );
  return found?.any ?? false;
}

/**
 * Of plans that an operator has rejected: their rows stay, until an answer of after that shows again that the mapping leaves their record out,
 * or until they are tested again by an answer or a reconciliation and another row still excludes them.
 */
export async function keepRejected(
  db: Knex,
  { connectionId }: Pick<Target, 'connectionId'>,
  entity: ConnectorEntity,
): Promise<void> {
  await db.raw(
    /* sql */ `
    with rejected as (
      select p.id, p.about, i.external_id, p.decided_at from tidemark.plans p join tidemark.plan_items i on i.plan_id = p.id
      where p.connection_id = :connectionId and p.entity = :entity and p.about in ('skipped', 'excluded', 'replaced') and p.status = 'rejected' and i.outcome = 'open'
    ), kept as (
      update ${tableName(entity)} c set _left_out = null from rejected r
      where c.connection_id = :connectionId and c.external_id = r.external_id and ${leftOutYet} and c._left_out = r.about and (r.about = 'excluded' or c._received_at < r.decided_at)
    )
    update tidemark.plan_items i set outcome = 'exempt', detail = 'an operator has rejected the plan'
    from rejected r where i.plan_id = r.id and i.external_id = r.external_id`,
    { connectionId, entity: entity.name },
  );
}
