/** When deltas are due, so that PostgreSQL knows it too; and the state of every entity in one row, for plain SQL. */
export const syncState = /* sql */ `
-- What the schedules of the deltas should be, as they were last made: definitions are code, which SQL cannot read.
create table tidemark.delta_schedules (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  every_seconds int not null check (every_seconds > 0),
  offset_seconds int not null check (offset_seconds >= 0),
  -- from, to and days, as the connection has them; null: day and night
  hours jsonb,
  time_zone text not null,
  paused_because text,
  primary key (connection_id, entity)
);

-- The first time of a schedule after an instant. Inside of business hours the times of day are counted from their beginning, in local
-- time. A local time that the clocks skip is left out; one that comes twice counts the second time, although Temporal may run it
-- both times.
create function tidemark.next_delta(schedule tidemark.delta_schedules, after timestamptz) returns timestamptz
language sql stable as $$
  select case
    when schedule.paused_because is not null then null
    when schedule.hours is null then
      to_timestamp((floor((extract(epoch from after) - schedule.offset_seconds) / schedule.every_seconds) + 1)
        * schedule.every_seconds + schedule.offset_seconds)
    else (
      select min(local at time zone schedule.time_zone)
      from generate_series(0, 8) as later,
        lateral (select (after at time zone schedule.time_zone)::date + later as day) as d,
        generate_series(
          extract(epoch from (schedule.hours->>'from')::time)::int + schedule.offset_seconds,
          extract(epoch from (schedule.hours->>'to')::time)::int - 1,
          schedule.every_seconds) as seconds,
        lateral (select day + seconds * interval '1 second' as local) as t
      where schedule.hours->'days' @> to_jsonb(extract(dow from day)::int)
        and (local at time zone schedule.time_zone) > after
        and (local at time zone schedule.time_zone) at time zone schedule.time_zone = local)
    end
$$;

create view tidemark.sync_state as
select
  t.connection_id,
  t.entity,
  c.connector,
  case
    when r.id is null then 'never'
    when r.status = 'running' and r.lease_until > clock_timestamp() then 'running'
    when r.status = 'running' then 'lost'
    when r.status = 'succeeded' then 'idle'
    else r.status
  end as sync_status,
  c.enabled and c.needs_credentials_since is null and s.paused_because is null as sync_enabled,
  k.at as last_modified_cursor,
  k.cursor,
  coalesce((r.counts->>'inserted')::bigint, 0) as last_sync_created,
  coalesce((r.counts->>'updated')::bigint, 0) as last_sync_updated,
  coalesce((r.counts->>'deleted')::bigint, 0) as last_sync_deleted,
  coalesce((r.counts->>'skipped')::bigint, 0) as last_sync_skipped,
  coalesce((r.counts->>'errors')::bigint, 0) as last_sync_errors,
  r.error as last_error,
  r.id as last_run_id,
  r.started_at as last_run_at,
  r.ended_at as last_run_ended_at,
  case when c.enabled and c.needs_credentials_since is null then tidemark.next_delta(s, clock_timestamp()) end as next_run_at,
  greatest(c.updated_at, r.started_at, r.ended_at, k.updated_at) as updated_at
from (
  select connection_id, entity from tidemark.entities
  union select connection_id, entity from tidemark.delta_schedules) t
join tidemark.connections c on c.id = t.connection_id
left join tidemark.delta_schedules s on s.connection_id = t.connection_id and s.entity = t.entity
left join lateral (
  select * from tidemark.runs
  where connection_id = t.connection_id and entity = t.entity and strategy = 'delta' order by id desc limit 1) r on true
left join lateral (
  select
    min(at) as at,
    max(updated_at) as updated_at,
    case
      when bool_or(kind = 'token') then
        'token ' || left(encode(sha256(convert_to(string_agg(coalesce(token, ''), ' ' order by partition), 'UTF8')), 'hex'), 12)
      else to_char(min(at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    end as cursor
  from tidemark.cursors
  where connection_id = t.connection_id and entity = t.entity and listing = 'changes' and left_at is null) k on true;
`;
