import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { tableName } from '../rows/format/rowFormat';

/** What was written in one hour, by the rows as they are now. */
export interface WrittenHour {
  /** its beginning */
  readonly hour: Date;
  /** rows that were written for the first time */
  readonly created: number;
  /** rows whose last change was then, those created among them */
  readonly changed: number;
  /** rows that were soft-deleted then and are still */
  readonly deleted: number;
}

/**
 * Counts the rows of a connection by the hour in which they were written, for this hour and the ones before, latest first. A row is counted where it
 * changed last. The table must exist.
 */
export async function writtenPerHour(
  db: Knex,
  entity: ConnectorEntity,
  connectionId: string,
  hours: number,
): Promise<WrittenHour[]> {
  const { rows } = await db.raw(
    /* sql */ `
    with hours as materialized (
      select hour from generate_series(
        date_trunc('hour', clock_timestamp()) - (cast(:hours as int) - 1) * interval '1 hour', clock_timestamp(), interval '1 hour') as hour
    ), span as (
      select min(hour) as since from hours
    ), created as (
      select date_trunc('hour', first_written_at) as hour, count(*) as count
      from ${tableName(entity)}, span where connection_id = :connectionId and first_written_at >= since group by 1
    ), changed as (
      select date_trunc('hour', synced_at) as hour, count(*) as count
      from ${tableName(entity)}, span where connection_id = :connectionId and synced_at >= since group by 1
    ), deleted as (
      select date_trunc('hour', deleted_at) as hour, count(*) as count
      from ${tableName(entity)}, span where connection_id = :connectionId and deleted_at >= since group by 1
    )
    select hour, coalesce(created.count, 0)::int as created, coalesce(changed.count, 0)::int as changed,
      coalesce(deleted.count, 0)::int as deleted
    from hours left join created using (hour) left join changed using (hour) left join deleted using (hour)
    order by hour desc`,
    { connectionId, hours },
  );
  return rows;
}
