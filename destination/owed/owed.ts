import type { Knex } from 'knex';
import type { Target } from '../../schema/workflows';
import { query, queryIds } from '../database/query';

/**
 * Why the related records of a record are to be read again: `unread`: they could not be read in full; `changed`: their source said that they
 * have changed; `differs`: a reconciliation found others than those that the row holds; `again`: the definition's interval has passed.
 */
export type OwedReason = 'unread' | 'changed' | 'differs' | 'again';

/** SQL: how long one that failed so often is left alone. */
const pause = (attempts: string) =>
  `least(interval '1 hour', interval '15 seconds' * power(2, least(${attempts}, 10)))`;

/**
 * Notes that the related records of these records are to be read again: what was requested before `since` does not settle it, in milliseconds
 * since 1970 in PostgreSQL's time; default: now. A `since` in the future is read at once, and once more then.
 */
export async function oweRecords(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  ids: readonly string[],
  reason: OwedReason,
  since: number | null = null,
): Promise<void> {
  if (ids.length === 0) return;
  // one that fails again and again is asked for less and less often
  await trx.raw(
    /* sql */ `
    insert into tidemark.owed as o (connection_id, entity, external_id, reason, since)
    select :connectionId, :entity, id, :reason, coalesce(to_timestamp(cast(:since as float8) / 1000), clock_timestamp())
    from unnest(cast(:ids as text[])) as n(id) order by id collate "C"
    on conflict (connection_id, entity, external_id) do update set reason = excluded.reason, since = greatest(o.since, excluded.since),
      attempts = case when excluded.reason = 'unread' then o.attempts + 1 else 0 end,
      due_at = clock_timestamp() + case when excluded.reason = 'unread'
        then ${pause('o.attempts')} else interval '0' end`,
    { connectionId, entity, ids: [...new Set(ids)], reason, since },
  );
}

/** A record whose related records were read in full by a request that was sent then; milliseconds since 1970. */
export interface SettledRecord {
  readonly id: string;
  readonly sent: number;
}

/** Ends what is owed of records whose related records were read in full since. */
export async function settleOwedRecords(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  read: readonly SettledRecord[],
): Promise<void> {
  if (read.length === 0) return;
  await trx.raw(
    /* sql */ `
    delete from tidemark.owed o using unnest(?::text[], ?::float8[]) as n(id, sent)
    where o.connection_id = ? and o.entity = ? and o.external_id = n.id and o.since <= to_timestamp(n.sent / 1000)`,
    [read.map(({ id }) => id), read.map(({ sent }) => sent), connectionId, entity],
  );
}

/** Ends what is owed of records, whatever was read. */
export async function dropOwedRecords(
  db: Knex,
  { connectionId, entity }: Target,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await db.raw(`delete from tidemark.owed where connection_id = ? and entity = ? and external_id = any(?)`, [
    connectionId,
    entity,
    [...ids],
  ]);
}

/** What is still due of these records was asked for in vain: it is asked for again later, and later each time. */
export async function postponeOwed(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  ids: readonly string[],
): Promise<void> {
  await trx.raw(
    /* sql */ `
    update tidemark.owed set attempts = attempts + 1, due_at = greatest(clock_timestamp() + ${pause('attempts')}, since)
    where connection_id = ? and entity = ? and external_id = any(?) and due_at <= clock_timestamp()`,
    [connectionId, entity, [...ids]],
  );
}

/** Records that are owed and due, the longest owed first; `reason`: for no other one. */
export async function dueOwed(
  db: Knex,
  { connectionId, entity }: Target,
  limit: number,
  { without = [], reason = null }: { readonly without?: readonly string[]; readonly reason?: OwedReason | null } = {},
): Promise<string[]> {
  return queryIds(
    db,
    `select external_id as id from tidemark.owed
     where connection_id = ? and entity = ? and due_at <= clock_timestamp() and external_id <> all(?) and reason = coalesce(?, reason)
     order by since limit ?`,
    [connectionId, entity, [...without], reason, limit],
  );
}

/** Entities of these names, by connection, with records that are owed and due. */
export async function targetsWithDueOwed(db: Knex, entities: readonly string[], limit: number): Promise<Target[]> {
  return query<Target>(
    db,
    `select distinct o.connection_id as "connectionId", o.entity from tidemark.owed o join tidemark.connections c on c.id = o.connection_id
     where c.enabled and o.due_at <= clock_timestamp() and o.entity = any(?) limit ?`,
    [[...entities], limit],
  );
}

/** How many records of an entity are owed, due or not. */
export async function countOwed(db: Knex, { connectionId, entity }: Target): Promise<number> {
  const [found] = await query<{ owed: number }>(
    db,
    'select count(*)::int as owed from tidemark.owed where connection_id = ? and entity = ?',
    [connectionId, entity],
  );
  return found?.owed ?? 0;
}
