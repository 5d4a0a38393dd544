import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import { fingerprint } from './fingerprint';

/**
 * SQL: the instant up to which an entity of a connection is synced, null before its first delta: the earliest of its partitions. A
 * partition that is no longer listed does not count, nor one that could not be read while others could. `of`: an alias whose row has connection_id and entity.
 */
export const cursorSql = (of: string): string => /* sql */ `(
  select coalesce(min(k.at) filter (where u.partition is null), min(k.at)) from tidemark.cursors k
  left join tidemark.unread_partitions u on u.connection_id = k.connection_id and u.entity = k.entity and u.partition = k.partition
  where k.connection_id = ${of}.connection_id and k.entity = ${of}.entity and k.listing = 'changes' and k.left_at is null)`;

/** The instant up to which an entity of a connection is known to be synced; null until its first delta succeeded. */
export async function getCursor(db: Knex, { connectionId, entity }: Target): Promise<Date | null> {
  const [found] = await query<{ cursor: Date | null }>(
    db,
    `select ${cursorSql('t')} as cursor from (select ?::text as connection_id, ?::text as entity) t`,
    [connectionId, entity],
  );
  return found?.cursor ?? null;
}

/** What a part of a run begins from: an instant, with the token that the source gave for it where it gives tokens. */
export interface FoundCursor {
  readonly at: Date;
  readonly token: string | null;
}

/**
 * SQL, of data-modifying CTEs after `open` (a run: open_id, of_connection, of_entity): moves the cursors of the partitions that the run
 * has pulled. Each moves only if it still is what its part found, so that what an operator has set stays; an instant moves only
 * forward, and a token has no order: forward means that the source gave it to a run that began from the former. The instant is
 * the part's first request, in the lower of two clocks, less the lookback. Bind `moves`, `tokens` (the entity's `changes` is a feed), `leadOfAll` and `leadOfChanges` (milliseconds).
 */
export const moveCursors = /* sql */ `
pulled as (
  select o.of_connection, o.of_entity, o.open_id, p.partition, p.found_at, p.found_token,
    -- a feed that gave no further token goes on from the former
    case when cast(:tokens as boolean) then coalesce(p.next_token, p.found_token) end as next_token,
    cast(:tokens as boolean) and p.listing = 'all' and p.found_token is not null as started_over,
    to_timestamp((least(p.first_sent, p.first_sent_source)
      - case p.listing when 'all' then cast(:leadOfAll as bigint) else cast(:leadOfChanges as bigint) end) / 1000.0) as next_at
  from open o join tidemark.run_parts p on p.run_id = o.open_id and p.step = 'pull' and p.first_sent is not null
  where cast(:moves as boolean)
), stepped as (
  update tidemark.cursors k set at = greatest(k.at, p.next_at), token = p.next_token, run_id = p.open_id,
    kind = case when p.next_token is null then 'instant' else 'token' end, updated_at = clock_timestamp(), left_at = null,
    deletions_unknown_since = case when p.started_over then coalesce(k.deletions_unknown_since, k.at) else k.deletions_unknown_since end
  from pulled p
  where k.connection_id = p.of_connection and k.entity = p.of_entity and k.listing = 'changes' and k.partition = p.partition
    and k.at is not distinct from p.found_at and k.token is not distinct from p.found_token
    and (p.next_token is not null or k.at < p.next_at)
  returning k.at
), begun as (
  insert into tidemark.cursors (connection_id, entity, partition, kind, at, token, run_id)
  select p.of_connection, p.of_entity, p.partition, case when p.next_token is null then 'instant' else 'token' end, p.next_at, p.next_token, p.open_id
  from pulled p where p.found_at is null
  on conflict do nothing
  returning at
), left_behind as (
  update tidemark.cursors k set left_at = clock_timestamp()
  from open o
  where cast(:moves as boolean) and k.connection_id = o.of_connection and k.entity = o.of_entity and k.listing = 'changes' and k.left_at is null
    and k.partition <> all(array(select partition from tidemark.run_parts where run_id = o.open_id and step = 'pull'))
), moved as (
  select min(at) as moved_to from (select at from stepped union all select at from begun) m
)`;

/** Sets the cursor of an entity with all its partitions; null: none has one. As part of something audited. */
export async function setCursor(trx: Knex.Transaction, target: Target, to: Date | null): Promise<void> {
  if (to === null) return dropCursors(trx, target);
  const { connectionId, entity } = target;
  await trx.raw(`delete from tidemark.cursors where connection_id = ? and entity = ? and partition <> ''`, [
    connectionId,
    entity,
  ]);
  await trx.raw(
    `insert into tidemark.cursors (connection_id, entity, at) values (?, ?, ?)
     on conflict (connection_id, entity, listing, partition) do update set ${asSet}`,
    [connectionId, entity, to],
  );
  // what changed since then is read again, also of the related records; tokens have no order
  await trx.raw(
    `update tidemark.cursors set at = least(at, ?), run_id = null, updated_at = clock_timestamp()
     where connection_id = ? and entity = ? and starts_with(listing, 'related:') and kind = 'instant'`,
    [to, connectionId, entity],
  );
}

/**
 * The cursor of one partition; null where it has none. Throws TidemarkError 'Usage' while the entity has one for all its partitions,
 * as after a reset: the next delta gives each its own.
 */
export async function ownCursor(trx: Knex.Transaction, target: Target, partition: string): Promise<Date | null> {
  const { connectionId, entity } = target;
  const rows = await query<{ partition: string; at: Date }>(
    trx,
    `select partition, at from tidemark.cursors
     where connection_id = ? and entity = ? and listing = 'changes' and (partition = ? or partition = '' and left_at is null)`,
    [connectionId, entity, partition],
  );
  if (rows.some((row) => row.partition !== partition)) {
    throw new TidemarkError(
      'Usage',
      `${connectionId}/${entity} has one cursor for all its partitions until its next delta: run that first, or reset all of them`,
    );
  }
  return rows[0]?.at ?? null;
}

/** Sets the cursor of one partition; null: it is read from its beginning. As part of something audited. */
export async function setOwnCursor(
  trx: Knex.Transaction,
  { connectionId, entity }: Target,
  partition: string,
  to: Date | null,
): Promise<void> {
  if (to === null) {
    await trx.raw(
      `delete from tidemark.cursors where connection_id = ? and entity = ? and listing = 'changes' and partition = ?`,
      [connectionId, entity, partition],
    );
    return;
  }
  await trx.raw(
    `insert into tidemark.cursors (connection_id, entity, partition, at) values (?, ?, ?, ?)
     on conflict (connection_id, entity, listing, partition) do update set ${asSet}`,
    [connectionId, entity, partition, to],
  );
}

const asSet = `kind = 'instant', at = excluded.at, token = null, run_id = null, updated_at = clock_timestamp(), left_at = null`;

/** The cursor of one partition. */
export interface PartitionCursor {
  readonly partition: string;
  readonly at: Date;
  /** of its token, see `fingerprint`; null where it is an instant */
  readonly token: string | null;
  /** since when the partition is no longer listed; null while it is */
  readonly leftAt: Date | null;
  readonly deletionsUnknownSince: Date | null;
}

/** The cursors of an entity's partitions, at most `limit` of them, those that are furthest behind first. */
export async function partitionCursors(
  db: Knex,
  { connectionId, entity }: Target,
  limit: number,
): Promise<PartitionCursor[]> {
  const rows = await query<PartitionCursor>(
    db,
    `select partition, at, token, left_at as "leftAt", deletions_unknown_since as "deletionsUnknownSince"
     from tidemark.cursors where connection_id = ? and entity = ? and listing = 'changes'
     order by left_at is not null, at, partition limit ?`,
    [connectionId, entity, limit],
  );
  return rows.map((row) => ({ ...row, token: row.token === null ? null : fingerprint(row.token) }));
}

/** The cursor of one kind of related records. */
export interface RelatedCursor {
  /** the name of the kind in the definition */
  readonly kind: string;
  readonly at: Date;
  /** of its token, see `fingerprint`; null where it is an instant */
  readonly token: string | null;
}

/** The cursors of the related records whose changes are listed, by kind. */
export async function relatedCursors(db: Knex, { connectionId, entity }: Target): Promise<RelatedCursor[]> {
  const rows = await query<RelatedCursor>(
    db,
    `select substr(listing, 9) as kind, at, token from tidemark.cursors
     where connection_id = ? and entity = ? and starts_with(listing, 'related:') order by 1`,
    [connectionId, entity],
  );
  return rows.map((row) => ({ ...row, token: row.token === null ? null : fingerprint(row.token) }));
}

/** Nothing counts as synced any more, in any partition; as part of something audited. */
export async function dropCursors(trx: Knex.Transaction, { connectionId, entity }: Target): Promise<void> {
  await trx.raw('delete from tidemark.cursors where connection_id = ? and entity = ?', [connectionId, entity]);
}
