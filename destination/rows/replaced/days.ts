import type { Knex } from 'knex';
import type { Asked } from '../../../schema/answer';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { quote } from '../../database/identifiers';
import { query, queryIds } from '../../database/query';
import { tableName } from '../format/rowFormat';

/** Days of an entity whose lines are replaced together. */
export interface DaysOf {
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  readonly partition: string;
}

/** SQL over a row `c`: it is one of these. Bind `daysBindings`. */
const ofPartition = `c.connection_id = :connectionId and coalesce(c._partition, '') = :partition`;

function daysBindings({ connectionId, partition }: DaysOf) {
  return { connectionId, partition };
}

function dayColumn({ replaced }: ConnectorEntity): string {
  if (replaced === undefined) throw new RangeError('the days of this entity are not replaced');
  return `c.${quote(replaced.day)}`;
}

/** The days, in order, that have live rows. */
export async function liveDays(db: Knex, days: DaysOf): Promise<string[]> {
  const rows = await query<{ day: string }>(
    db,
    /* sql */ `
    select distinct cast(${dayColumn(days.entity)} as text) as day from ${tableName(days.entity)} c
    where ${ofPartition} and c.deleted_at is null and ${dayColumn(days.entity)} is not null order by 1`,
    daysBindings(days),
  );
  return rows.map(({ day }) => day);
}

/** The document that a day is replaced from. */
export interface Replacement extends Asked {
  readonly day: string;
  readonly runId: string;
  /** ids of the lines that it lists for the day */
  readonly ids: readonly string[];
}

/**
 * Notes that a day holds a document now. False where the day holds one already that was requested at the same time or later: then nothing of this one
 * may be written. The caller holds the write lock.
 */
export async function claimDay(
  trx: Knex.Transaction,
  { connectionId, entity, partition }: DaysOf,
  { day, runId, ids, sent, received }: Replacement,
): Promise<boolean> {
  const rows = await query(
    trx,
    /* sql */ `
    insert into tidemark.windows as w (connection_id, entity, partition, day, run_id, sent_at, received_at, rows)
    values (:connectionId, :entity, :partition, cast(:day as date), :runId, :sent, :received, :rows)
    on conflict (connection_id, entity, partition, day) do update
      set run_id = excluded.run_id, sent_at = excluded.sent_at, received_at = excluded.received_at, rows = excluded.rows
      where w.sent_at < excluded.sent_at
    returning 1`,
    {
      ...{ connectionId, entity: entity.name, partition, day, runId, rows: ids.length },
      ...{ sent: new Date(sent), received: new Date(received) },
    },
  );
  return rows.length > 0;
}

/**
 * Marks the live rows of a day that the document does not list as left out. Rows that were received within the read lag before it was requested, or that
 * no source has shown, stay as they are. The caller holds the write lock. Returns how many.
 */
export async function markReplaced(
  trx: Knex.Transaction,
  days: DaysOf,
  { day, ids, sent, received }: Replacement,
  { readLagMs, writtenBy }: { readonly readLagMs: number; readonly writtenBy: string },
): Promise<number> {
  const marked = await queryIds(
    trx,
    /* sql */ `
    update ${tableName(days.entity)} c set _left_out = 'replaced', _sent_at = :sent, _received_at = :received, _written_by = :writtenBy
    where ${ofPartition} and ${dayColumn(days.entity)} = cast(:day as date) and c.deleted_at is null and c._left_out is null
      and c._origin = 'source' and c._received_at < :before
      and not exists (select from unnest(cast(:ids as text[])) as listed(id) where listed.id = c.external_id)
    returning c.external_id as id`,
    {
      ...daysBindings(days),
      ...{ day, ids: [...ids], writtenBy },
      ...{ sent: new Date(sent), received: new Date(received), before: new Date(sent - readLagMs) },
    },
  );
  return marked.length;
}

/** Of a day: its live rows, and how many of them its document no longer lists and no other line of the table replaces. */
export interface DayLoss {
  readonly day: string;
  readonly live: number;
  readonly lost: number;
}

/**
 * The days of which live rows are left out, in order. A line that was moved to another day, and has been written there since, is not lost: nothing but its
 * day differs.
 */
export async function lossByDay(db: Knex, connectionId: string, entity: ConnectorEntity): Promise<DayLoss[]> {
  const day = dayColumn(entity);
  const others = entity.columns
    .filter(({ name }) => name !== entity.replaced?.day)
    .map(({ name }) => `c.${quote(name)}`);
  const content = `md5(cast(row(${others.join(', ')}) as text))`;
  return query<DayLoss>(
    db,
    /* sql */ `
    with left_out as (
      select ${day} as day, c._received_at, ${content} as content, row_number() over (partition by ${content} order by c.external_id) as place
      from ${tableName(entity)} c where c.connection_id = :connectionId and c.deleted_at is null and c._left_out = 'replaced'
    ), moved as (
      select ${content} as content, row_number() over (partition by ${content} order by c.external_id) as place
      from ${tableName(entity)} c where c.connection_id = :connectionId and c.deleted_at is null and c._left_out is null
        and c.first_written_at >= (select min(_received_at) from left_out)
    ), lost as (
      select l.day, count(*) filter (where m.place is null)::int as lost from left_out l
      left join moved m on m.content = l.content and m.place = l.place group by 1
    )
    select cast(lost.day as text) as day, lost.lost,
      (select count(*)::int from ${tableName(entity)} c where c.connection_id = :connectionId and c.deleted_at is null and ${day} = lost.day) as live
    from lost order by 1`,
    { connectionId },
  );
}

/** Stages the ids of all live rows of a partition for the difference of a scan: what is absent was judged day by day. Returns how many. */
export async function stageLive(
  trx: Knex.Transaction,
  days: DaysOf,
  staging: string,
  partitioned: boolean,
): Promise<number> {
  const { rowCount } = await trx.raw(
    /* sql */ `
    insert into ${staging} (external_id, version${partitioned ? ', partition' : ''})
    select c.external_id, null${partitioned ? ', :partition' : ''} from ${tableName(days.entity)} c
    where ${ofPartition} and c.deleted_at is null`,
    daysBindings(days),
  );
  return rowCount ?? 0;
}
