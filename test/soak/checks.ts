import type { Knex } from 'knex';
import type { RequestLog } from './requestLog';
import { type EntityName, entityNames } from './setting';

/** One thing that must hold afterwards, and whatever contradicts it. */
export interface Check {
  readonly name: string;
  readonly contradictions: readonly string[];
}

interface StoredEvent {
  readonly eventId: string;
  readonly entity: EntityName | null;
  readonly id: string | null;
  readonly openedAt: Date;
  readonly doneAt: Date | null;
  readonly outcome: string | null;
}

export interface InboxFound {
  readonly checks: readonly Check[];
  /** events in the inbox, acknowledged or not */
  readonly events: number;
  /** acknowledged events that are there, done, and asked for in time */
  readonly found: number;
}

/** Every acknowledged event is in the inbox, and done by an answer whose request was sent after the event was received. */
export async function checkInbox(db: Knex, acknowledged: ReadonlySet<string>, asked: RequestLog): Promise<InboxFound> {
  const { rows } = await db.raw(`select event_id as "eventId", entity, external_id as id, opened_at as "openedAt",
    done_at as "doneAt", outcome from tidemark.inbox`);
  const inbox = new Map<string, StoredEvent>(rows.map((event: StoredEvent) => [event.eventId, event]));
  const lost: string[] = [];
  const open: string[] = [];
  const unasked: string[] = [];
  for (const eventId of acknowledged) {
    const event = inbox.get(eventId);
    if (event === undefined) lost.push(eventId);
    else if (event.doneAt === null) open.push(`${eventId}, about ${event.entity} ${event.id}`);
    else if (event.entity === null || event.id === null) lost.push(`${eventId} names no record`);
    else if (!asked.between(event.entity, event.id, event.openedAt.getTime(), event.doneAt.getTime())) {
      unasked.push(
        `${eventId}, about ${event.entity} ${event.id}, from ${event.openedAt.toISOString()} to ${event.doneAt.toISOString()}`,
      );
    }
  }
  return {
    events: rows.length,
    found: acknowledged.size - lost.length - open.length - unasked.length,
    checks: [
      { name: 'every acknowledged webhook is in the inbox', contradictions: lost },
      { name: 'every acknowledged webhook is done', contradictions: open },
      { name: 'each by an answer that was asked for after it came', contradictions: unasked },
    ],
  };
}

/**
 * What runs counted agrees with what they read, and what plans counted with what became of their items; of one connection, or of all.
 * Each record that was read has one outcome, wherever what was read is also written.
 */
export async function checkCounts(db: Knex, connectionId: string | null = null): Promise<Check> {
  const { rows } = await db.raw(
    /* sql */ `
    with parts as (
      select p.run_id, p.step, sum(p.records) as records, sum((
          select coalesce(sum(value::bigint), 0) from jsonb_each_text(p.counts) as c(name, value) where name <> 'disputed'
        )) as outcomes
      from tidemark.run_parts p join tidemark.runs r on r.id = p.run_id
      where p.step in ('pull', 'scan', 'full-listing', 'fetch') and (:connectionId::text is null or r.connection_id = :connectionId)
      group by p.run_id, p.step)
    select format('run %s read %s records in its step %s and counted %s outcomes', run_id, records, step, outcomes) as contradiction
    from parts where records <> outcomes and (step = 'pull' or outcomes > 0)
    union all
    select format('run %s counted %s, its parts %s', r.id, r.counts, p.counts)
    from tidemark.runs r, lateral (
      select jsonb_object_agg(name, total) as counts from (
        select name, sum(value::bigint) as total from tidemark.run_parts q, jsonb_each_text(q.counts) as c(name, value)
        where q.run_id = r.id and q.step = 'pull' group by name) summed) p
    where r.strategy = 'delta' and r.status = 'succeeded' and p.counts is not null and not r.counts @> p.counts
      and (:connectionId::text is null or r.connection_id = :connectionId)
    union all
    select format('plan %s: %s', p.id, c.what)
    from tidemark.plans p, lateral (
      select count(*) filter (where difference = 'missing') as missing, count(*) filter (where difference = 'stale') as stale,
        count(*) filter (where difference = 'gone') as gone, count(*) filter (where difference = 'unlisted') as unlisted,
        count(*) filter (where outcome = 'deleted') as deleted, count(*) filter (where outcome = 'open') as open
      from tidemark.plan_items i where i.plan_id = p.id) listed, lateral (
      -- a scan that reads whole records writes what is missing and stale at once, and leaves no items of it
      select coalesce(sum((counts ->> 'inserted')::bigint), 0) as inserted, coalesce(sum((counts ->> 'updated')::bigint), 0) as updated,
        coalesce(sum((counts ->> 'errors')::bigint), 0) as errors
      from tidemark.run_parts where run_id = p.run_id and step = 'scan') scan, lateral (
      -- what PostgreSQL refused is still missing or stale
      select least(greatest(p.missing, listed.missing + scan.inserted), listed.missing + scan.inserted + scan.errors) as missing,
        least(greatest(p.stale, listed.stale + scan.updated), listed.stale + scan.updated + scan.errors) as stale, listed.gone, listed.unlisted,
        listed.deleted, listed.open) i, lateral (
      values (format('counted %s %s %s %s %s, its items are %s %s %s %s %s', p.missing, p.stale, p.gone, p.unlisted, p.deleted,
          i.missing, i.stale, i.gone, i.unlisted, i.deleted),
        (p.missing, p.stale, p.gone, p.unlisted, p.deleted) is distinct from (i.missing, i.stale, i.gone, i.unlisted, i.deleted)),
        (format('applied with %s items open', i.open), i.open > 0)) as c(what, wrong)
    where p.status = 'applied' and c.wrong and (:connectionId::text is null or p.connection_id = :connectionId)`,
    { connectionId },
  );
  return {
    name: 'counts add up',
    contradictions: rows.map(({ contradiction }: { contradiction: string }) => contradiction),
  };
}

/** How runs ended, by strategy and status. */
export async function runsByOutcome(db: Knex): Promise<Record<string, number>> {
  const { rows } = await db.raw(
    'select strategy, status, error_type, count(*)::int as count from tidemark.runs group by 1, 2, 3 order by 1, 2, 3',
  );
  return Object.fromEntries(
    rows.map(({ strategy, status, error_type: type, count }: Record<string, unknown>) => [
      `${strategy} ${status}${type === null ? '' : ` (${type})`}`,
      count,
    ]),
  );
}

/** Which schedule has had a run that began after this moment and succeeded: `delta of people` … */
export async function scheduledSince(db: Knex, since: number): Promise<{ missing: string[] }> {
  const { rows } = await db.raw(
    `select distinct strategy, entity from tidemark.runs
     where trigger = 'schedule' and status in ('succeeded') and started_at > ?`,
    [new Date(since)],
  );
  const had = new Set(rows.map(({ strategy, entity }: Record<string, string>) => `${strategy} of ${entity}`));
  const wanted = entityNames.flatMap((entity) => [`delta of ${entity}`, `reconciliation of ${entity}`]);
  return { missing: wanted.filter((name) => !had.has(name)) };
}
