import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { UnreadVerdict } from '../../schema/unreadPartition';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import { lostPart, type PartKey } from './runParts';
import { leaseMs, type Run } from './runs';

/** Longer details are cut: they are shown in status. */
const longestDetail = 500;

/**
 * Ends a part whose list the source does not serve: its cursor stays, and nothing is concluded from what it did not show. Remembers since
 * when that is so. Throws FenceLost.
 */
export async function closeUnread(db: Knex, key: PartKey, verdict: UnreadVerdict, detail: string): Promise<void> {
  const { rows } = await db.raw(
    /* sql */ `
    with part as (
      update tidemark.run_parts set verdict = :verdict, verdict_detail = :detail, done = true, resume_point = null,
        first_sent = null, first_sent_source = null, next_token = null, end_uncertain = false,
        failing_since = null, failing_with = null, tries = 0, tries_since = null
      where run_id = :runId and step = :step and partition = :partition and fence = :fence returning run_id
    ), own as (
      update tidemark.runs r set lease_until = greatest(r.lease_until, clock_timestamp() + :leaseMs * interval '1 millisecond'),
        waiting_until = null, waiting_reason = null
      from part where r.id = part.run_id and r.status = 'running' returning r.id, r.connection_id, r.entity
    )
    insert into tidemark.unread_partitions as u (connection_id, entity, partition, verdict, detail, run_id)
    select connection_id, entity, :partition, :verdict, :detail, id from own
    on conflict (connection_id, entity, partition) do update set verdict = excluded.verdict, detail = excluded.detail,
      run_id = excluded.run_id, since = case when u.verdict = excluded.verdict then u.since else excluded.since end
    returning run_id`,
    { ...key, verdict, detail: detail.slice(0, longestDetail), leaseMs },
  );
  if (!rows[0]) throw lostPart(key);
}

/** The partitions that a step of a run could not read. */
export async function unreadOfRun(db: Knex, runId: string, step: string): Promise<Set<string>> {
  const rows = await query<{ partition: string }>(
    db,
    'select partition from tidemark.run_parts where run_id = ? and step = ? and verdict is not null',
    [runId, step],
  );
  return new Set(rows.map(({ partition }) => partition));
}

/** Any partition but this one that a step of a run has read; undefined where there is none. */
export async function anyRead(db: Knex, { runId, step, partition }: PartKey): Promise<string | undefined> {
  const [found] = await query<{ partition: string }>(
    db,
    `select partition from tidemark.run_parts
     where run_id = ? and step = ? and partition <> ? and done and verdict is null limit 1`,
    [runId, step, partition],
  );
  return found?.partition;
}

/**
 * What is true of all parents is about none of them. Throws CredentialsRefused where the source refused the list of each, and
 * ContractBroken where it served none for other reasons.
 */
export async function assertAnyRead(db: Knex, run: Pick<Run, 'id'> & Target, step: string): Promise<void> {
  const [found] = await query<{ parts: number; read: number; refused: number; detail: string | null }>(
    db,
    /* sql */ `
    select count(*)::int as parts, count(*) filter (where verdict is null)::int as read,
      count(*) filter (where verdict = 'refused')::int as refused, min(verdict_detail) as detail
    from tidemark.run_parts where run_id = ? and step = ?`,
    [run.id, step],
  );
  if (found === undefined || found.parts === 0 || found.read > 0) return;
  const type = found.refused === found.parts ? 'CredentialsRefused' : 'ContractBroken';
  throw new TidemarkError(
    type,
    `${run.connectionId}/${run.entity}: the source served the list of none of ${found.parts} parents, so this is about no parent. ` +
      `Correct the definition, or give the connection other credentials. ${found.detail ?? ''}`.trim(),
  );
}

/** Forgets what a run has read again, and what is no longer listed. */
export async function settleUnread(db: Knex, runId: string, step: string): Promise<void> {
  await db.raw(
    /* sql */ `
    delete from tidemark.unread_partitions u using tidemark.runs r
    where r.id = :runId and u.connection_id = r.connection_id and u.entity = r.entity
      and not exists (select from tidemark.run_parts p
        where p.run_id = r.id and p.step = :step and p.partition = u.partition and p.verdict is not null)`,
    { runId, step },
  );
}
