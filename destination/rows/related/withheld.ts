import type { Knex } from 'knex';
import type { RelatedPart } from '../../../schema/answer';
import type { Target } from '../../../schema/workflows';
import { query, queryIds } from '../../database/query';

/** A reading that shows fewer related records of a record than its row holds. Nothing of it is written until `judgeFewer` lets it. */
export interface Withheld {
  readonly id: string;
  readonly part: RelatedPart;
  /** kinds of which it shows fewer */
  readonly fewer: readonly string[];
  /** those of them of which it shows none */
  readonly none: readonly string[];
}

/** The kinds of which an incoming reading shows fewer than the row holds, both as JSON; undefined where there is none. */
export function fewerThan(held: string, incoming: string): Pick<Withheld, 'fewer' | 'none'> | undefined {
  const before = countsIn(held);
  const after = countsIn(incoming);
  const fewer = [...before].flatMap(([kind, count]) => ((after.get(kind) ?? 0) < count ? [kind] : []));
  if (fewer.length === 0) return undefined;
  return { fewer, none: fewer.filter((kind) => (after.get(kind) ?? 0) === 0) };
}

function countsIn(json: string): Map<string, number> {
  const lists: Record<string, readonly unknown[]> = JSON.parse(json);
  return new Map(Object.entries(lists).map(([kind, list]) => [kind, list.length]));
}

/** Keeps readings apart; of two about one record, the one that was sent later. */
export async function withhold(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  runId: string | null,
  readings: readonly Withheld[],
): Promise<void> {
  if (readings.length === 0) return;
  await trx.raw(
    /* sql */ `
    insert into tidemark.withheld_related as w (connection_id, entity, external_id, run_id, related, sent_at, received_at, fewer, none)
    select ?, ?, n.id, cast(? as bigint), n.related, n.sent, n.received, n.fewer, n.none
    from jsonb_to_recordset(cast(? as jsonb)) as n(id text, related text, sent timestamptz, received timestamptz, fewer text[], none text[])
    order by n.id collate "C"
    on conflict (connection_id, entity, external_id) do update set run_id = excluded.run_id, related = excluded.related,
      sent_at = excluded.sent_at, received_at = excluded.received_at, fewer = excluded.fewer, none = excluded.none
    where w.sent_at <= excluded.sent_at`,
    [
      connectionId,
      entity,
      runId,
      JSON.stringify(
        readings.map(({ id, part: { json, sent, received }, fewer, none }) => ({
          ...{ id, related: json, sent: new Date(sent), received: new Date(received), fewer, none },
        })),
      ),
    ],
  );
}

/** A later reading that is not withheld, or has been accepted, ends what was withheld of its record before. */
export async function endWithheld(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  read: readonly { readonly id: string; readonly sent: number }[],
): Promise<void> {
  if (read.length === 0) return;
  await trx.raw(
    /* sql */ `
    delete from tidemark.withheld_related w using unnest(?::text[], ?::float8[]) as n(id, sent)
    where w.connection_id = ? and w.entity = ? and w.external_id = n.id and w.sent_at <= to_timestamp(n.sent / 1000)`,
    [read.map(({ id }) => id), read.map(({ sent }) => sent), connectionId, entity],
  );
}

/** The step of a run whose part counts the records that had related records of this kind when the run read theirs. */
export const hadStep = (kind: string): string => `had:${kind}`;

/** Counts records whose row had related records, by kind, in the run that read theirs. */
export async function noteHad(
  trx: Knex.Transaction,
  runId: string | null,
  rows: readonly { readonly kinds: readonly string[] | null }[],
): Promise<void> {
  if (runId === null) return;
  const had = new Map<string, number>();
  for (const kind of rows.flatMap(({ kinds }) => kinds ?? [])) had.set(kind, (had.get(kind) ?? 0) + 1);
  for (const [kind, count] of [...had].sort()) {
    await trx.raw(
      /* sql */ `
      insert into tidemark.run_parts as p (run_id, step, partition, fence, records, done) values (?, ?, '', 0, ?, true)
      on conflict (run_id, step, partition) do update set records = p.records + excluded.records`,
      [runId, hadStep(kind), count],
    );
  }
}

/** Readings that are judged together: those of a run, or those that were sent since an instant (milliseconds) outside of runs. */
export interface WithheldGroup extends Target {
  readonly runId: string | null;
  readonly since: number;
  /** the entity's table */
  readonly table: string;
}

const ofGroup = /* sql */ `connection_id = :connectionId and entity = :entity and run_id is not distinct from cast(:runId as bigint)
  and (run_id is not null or sent_at >= to_timestamp(cast(:since as float8) / 1000))`;

function bindings({ connectionId, entity, runId, since }: WithheldGroup) {
  return { connectionId, entity, runId, since };
}

/** What is withheld of one kind of related records. */
export interface WithheldKind {
  readonly kind: string;
  /** records of which fewer were shown, and those of them of which none were */
  readonly fewer: number;
  readonly none: number;
  /** records that had some, of those that the run read; outside of runs: of all rows */
  readonly had: number;
}

/** What is withheld in a group, by kind. */
export async function withheldKinds(db: Knex, group: WithheldGroup): Promise<WithheldKind[]> {
  const had =
    group.runId === null
      ? `(select count(*) from ${group.table} c where c.connection_id = :connectionId and c.deleted_at is null
          and jsonb_array_length(coalesce(c.raw_related -> k.kind, '[]')) > 0)`
      : `(select coalesce(sum(p.records), 0) from tidemark.run_parts p where p.run_id = :runId and p.step = 'had:' || k.kind)`;
  return query<WithheldKind>(
    db,
    /* sql */ `
    select k.kind, count(*)::int as fewer, count(*) filter (where k.kind = any(w.none))::int as none, ${had}::int as had
    from tidemark.withheld_related w cross join lateral unnest(w.fewer) as k(kind) where ${ofGroup} group by k.kind order by k.kind`,
    bindings(group),
  );
}

/** Readings of a group, in order of id, after this one. */
export async function withheldReadings(
  db: Knex,
  group: WithheldGroup,
  after: string,
  limit: number,
): Promise<{ readonly id: string; readonly related: RelatedPart }[]> {
  const rows = await query<{ id: string; json: string; sent: number; received: number }>(
    db,
    `select external_id as id, related as json, extract(epoch from sent_at)::float8 * 1000 as sent, extract(epoch from received_at)::float8 * 1000 as received
     from tidemark.withheld_related where ${ofGroup} and external_id > :after order by external_id limit :limit`,
    { ...bindings(group), after, limit },
  );
  return rows.map(({ id, json, sent, received }) => ({ id, related: { json, sent, received, count: 0 } }));
}

/** Records, after this one, of which an earlier run has withheld readings that wait in no plan: it failed, or its plan has expired. */
export async function leftWithheld(
  db: Knex,
  { connectionId, entity, runId }: WithheldGroup,
  after: string,
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select w.external_id as id from tidemark.withheld_related w
    where w.connection_id = ? and w.entity = ? and w.run_id is distinct from cast(? as bigint) and w.external_id > ?
      and not exists (select from tidemark.runs r where r.id = w.run_id and r.status = 'running')
      and not exists (select from tidemark.plan_items i join tidemark.plans p on p.id = i.plan_id
        where i.external_id = w.external_id and i.outcome = 'open' and p.connection_id = w.connection_id and p.entity = w.entity
          and p.about = 'related' and p.status in ('waiting', 'approved') and p.expires_at > clock_timestamp())
    order by w.external_id limit ?`,
    [connectionId, entity, runId, after, limit],
  );
}

/** Other live rows that have related records of this kind, to see whether the source still shows any. */
export async function otherIdsWith(
  db: Knex,
  { connectionId, entity, table }: WithheldGroup,
  kind: string,
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select c.external_id as id from ${table} c
    where c.connection_id = :connectionId and c.deleted_at is null and jsonb_array_length(coalesce(c.raw_related -> cast(:kind as text), '[]')) > 0
      and not exists (select from tidemark.withheld_related w
        where w.connection_id = :connectionId and w.entity = :entity and w.external_id = c.external_id)
    order by c._related_sent_at desc limit :limit`,
    { connectionId, entity, kind, limit },
  );
}
