import type { Knex } from 'knex';
import type { BusinessHours } from '../../schema/definition/schedule';
import type { Target } from '../../schema/workflows';

/** When the deltas of an entity run. */
export interface DeltaTimes {
  readonly everySeconds: number;
  /** before the first: since 1970, or since the business hours begin */
  readonly offsetSeconds: number;
  /** null: day and night */
  readonly hours: BusinessHours | null;
  readonly timeZone: string;
}

export interface DeltaSchedule extends Target, DeltaTimes {
  readonly pausedBecause: string | null;
}

/**
 * Stores when the deltas of all connections are due, which `tidemark.sync_state` shows: SQL cannot read definitions. What is not in the
 * list any more is removed. Twice is once.
 */
export async function storeDeltaSchedules(db: Knex, schedules: readonly DeltaSchedule[]): Promise<void> {
  await db.raw(
    /* sql */ `
    with wanted as (
      select * from jsonb_to_recordset(cast(:schedules as jsonb)) as s(
        "connectionId" text, entity text, "everySeconds" int, "offsetSeconds" int, hours jsonb, "timeZone" text, "pausedBecause" text)
      -- a connection may have been removed meanwhile
      where exists (select from tidemark.connections c where c.id = "connectionId")
    ), gone as (
      delete from tidemark.delta_schedules d
      where not exists (select from wanted w where w."connectionId" = d.connection_id and w.entity = d.entity)
    )
    insert into tidemark.delta_schedules as d
      (connection_id, entity, every_seconds, offset_seconds, hours, time_zone, paused_because)
    select "connectionId", entity, "everySeconds", "offsetSeconds", nullif(hours, 'null'), "timeZone", "pausedBecause" from wanted
    on conflict (connection_id, entity) do update
    set every_seconds = excluded.every_seconds, offset_seconds = excluded.offset_seconds, hours = excluded.hours,
      time_zone = excluded.time_zone, paused_because = excluded.paused_because
    where (d.every_seconds, d.offset_seconds, d.hours, d.time_zone, d.paused_because) is distinct from
      (excluded.every_seconds, excluded.offset_seconds, excluded.hours, excluded.time_zone, excluded.paused_because)`,
    { schedules: JSON.stringify(schedules) },
  );
}
