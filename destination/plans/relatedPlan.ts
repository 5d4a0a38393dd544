import type { Knex } from 'knex';
import type { Target } from '../../schema/workflows';
import { queryIds } from '../database/query';
import type { WithheldKind } from '../rows/related/withheld';
import { expiry } from './plans';

/** From more than so many records, and more than this share of those that had some, on, an operator decides. */
const atMost = { records: 100, ratio: 0.1 };

/** Why the records of one kind must wait; `shown`: the source has shown such related records of another record. */
export function whyFewerWait({ kind, fewer, none, had }: WithheldKind, shown: boolean): string | null {
  const of = `of ${had} records that had related ${kind}`;
  if (none > 0 && !shown) {
    return `${none} ${of} have none now, and the source shows none of other records either: an empty list may mean that the rights to it were withdrawn`;
  }
  if (fewer <= atMost.records || fewer <= had * atMost.ratio) return null;
  return `${fewer} ${of}, ${((fewer / Math.max(1, had)) * 100).toFixed(1)} %, have fewer now: more than is written without approval`;
}

/**
 * Has what is withheld of an entity wait for an operator, in one plan for all of it: the one that waits already, or a new one of this run. Its items are
 * *stale* records.
 */
export async function holdRelated(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  runId: string,
  { reason, had }: { readonly reason: string; readonly had: number },
): Promise<void> {
  const [waiting] = await queryIds(
    trx,
    `select id::text as id from tidemark.plans
     where connection_id = ? and entity = ? and about = 'related' and status in ('waiting', 'approved') and expires_at > clock_timestamp()
     order by tidemark.plans.id desc limit 1 for update`,
    [connectionId, entity],
  );
  const [planId = ''] =
    waiting === undefined
      ? await queryIds(
          trx,
          /* sql */ `
          insert into tidemark.plans (run_id, connection_id, entity, about, status, scan_started, live_rows, missing, stale, gone, unlisted, expires_at)
          values (?, ?, ?, 'related', 'waiting', clock_timestamp(), ?, 0, 0, 0, 0, now() + ?::interval) returning id::text as id`,
          [runId, connectionId, entity, had, expiry],
        )
      : [waiting];
  await trx.raw(
    /* sql */ `
    insert into tidemark.plan_items (plan_id, external_id, difference)
    select ?, external_id, 'stale' from tidemark.withheld_related where connection_id = ? and entity = ? and run_id = ? on conflict do nothing`,
    [planId, connectionId, entity, runId],
  );
  await trx.raw(
    `update tidemark.plans set reason = ?, stale = (select count(*) from tidemark.plan_items where plan_id = ? and outcome = 'open') where id = ?`,
    [reason, planId, planId],
  );
}

/** Ends plans of which nothing is withheld any more, so that there is nothing to decide about. */
export async function closeRelatedPlans(db: Knex, { connectionId, entity }: Target): Promise<void> {
  await db.raw(
    /* sql */ `
    update tidemark.plans p set status = 'expired', reason = p.reason || ' (since then the source shows them again)'
    where p.connection_id = ? and p.entity = ? and p.about = 'related' and p.status = 'waiting'
      and not exists (select from tidemark.plan_items i join tidemark.withheld_related w
        on w.connection_id = p.connection_id and w.entity = p.entity and w.external_id = i.external_id where i.plan_id = p.id)`,
    [connectionId, entity],
  );
}

/** An operator has rejected a plan: what was withheld of its records is dropped, and their rows keep what they hold. */
export async function dropWithheldOf(trx: Knex.Transaction, planId: string): Promise<void> {
  await trx.raw(
    /* sql */ `
    delete from tidemark.withheld_related w using tidemark.plans p, tidemark.plan_items i
    where p.id = ? and p.about = 'related' and i.plan_id = p.id
      and w.connection_id = p.connection_id and w.entity = p.entity and w.external_id = i.external_id`,
    [planId],
  );
}
