import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { DifferenceCause } from '../../schema/workflows';
import { tableName } from '../rows/format/rowFormat';

export interface DifferenceCauses {
  /** how many differences came about in each way */
  readonly counts: Partial<Record<DifferenceCause, number>>;
  /** the longest time by which a record came after the delta that should have seen it; milliseconds, null without such */
  readonly latestMs: number | null;
}

/** Against this many deltas, the latest ones, a record's version is held. */
const deltasAtMost = 100;

/**
 * Finds out how the differences of an applied plan came about, and notes it with each item. A delta is to blame where it
 * asked for a time that includes the record's version, began after that time, and still did not bring it: the record was
 * committed *late*, by no more than the delta's start less the version. Call it once the plan's records have been fetched.
 * `writtenBy`: the run whose scan has written what was missing or stale by itself, so that the plan has no items for them.
 */
export async function explainDifferences(
  db: Knex,
  {
    planId,
    connectionId,
    entity,
    writtenBy,
  }: { planId: string; connectionId: string; entity: ConnectorEntity; writtenBy?: string | undefined },
): Promise<DifferenceCauses> {
  const { rows } = await db.raw(explainSql(tableName(entity), writtenBy !== undefined), {
    writtenBy: writtenBy ?? null,
    planId,
    connectionId,
    entity: entity.name,
    webhooks: entity.supportsWebhooks,
    deltas: deltasAtMost,
  });
  const counts = Object.fromEntries(
    rows.map(({ cause, count }: { cause: string; count: number }) => [cause, count]),
  ) as DifferenceCauses['counts'];
  const late = rows.find(({ cause }: { cause: string }) => cause === 'late');
  return { counts, latestMs: late === undefined ? null : Math.ceil(late.latest) };
}

const explainSql = (table: string, writes: boolean) => /* sql */ `
with plan as (
  select scan_started from tidemark.plans where id = :planId
), deltas as materialized (
  select r.started_at, case when r.full_listing then '-infinity' else coalesce(r.cursor_before, '-infinity') end as since
  from tidemark.runs r, plan
  where r.connection_id = :connectionId and r.entity = :entity and r.strategy = 'delta' and r.status = 'succeeded'
    and r.ended_at <= plan.scan_started
  order by r.id desc limit :deltas
), differing as (
  select i.external_id, i.difference, i.cause, c.source_updated_at as version
  from tidemark.plan_items i
  join ${table} c on c.connection_id = :connectionId and c.external_id = i.external_id
  where i.plan_id = :planId and i.outcome in ('fetched', 'deleted')
  ${writes ? writtenSql(table) : ''}
), found as (
  select f.*, extract(epoch from (select max(d.started_at) from deltas d
    where d.since <= f.version and d.started_at > f.version) - f.version) as late
  from differing f
), named as (
  select external_id, late, case
    when cause is not null then cause
    when difference in ('gone', 'unlisted') then 'deleted'
    when version is null then 'other'
    when exists (select from deltas d where abs(extract(epoch from d.since - version)) < 1 and isfinite(d.since)) then 'boundary'
    when late > 86400 then 'backdated'
    when late is not null then 'late'
    when :webhooks and not exists (select from tidemark.inbox e where e.connection_id = :connectionId and e.entity = :entity
      and e.external_id = found.external_id and e.received_at >= version) then 'missed-webhook'
    else 'not-yet'
  end as cause
  from found
), noted as (
  update tidemark.plan_items i set cause = n.cause from named n
  where i.plan_id = :planId and i.external_id = n.external_id and i.cause is distinct from n.cause
)
select cause, count(*)::int as count, max(late) * 1000 as latest from named group by cause`;

const writtenSql = (table: string) => /* sql */ `union all
  select c.external_id, null, null, c.source_updated_at from ${table} c
  where c.connection_id = :connectionId and c._written_by = :writtenBy and c.deleted_at is null
    and not exists (select from tidemark.plan_items i where i.plan_id = :planId and i.external_id = c.external_id)`;
