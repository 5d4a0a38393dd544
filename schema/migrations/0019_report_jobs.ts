export const reportJobs = /* sql */ `
-- Jobs that sources make reports by. A row is written before the request that starts the job, and outlives the run that wrote it.
create table tidemark.report_jobs (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  -- the request as it was filled, without the present
  parameters text not null,
  -- what stood for the times in it
  times jsonb not null,
  state text not null check (state in ('starting', 'blocked', 'running', 'read', 'refused', 'failed', 'spoiled', 'expired', 'lost')),
  -- the source's id of it; null: its start was not answered, or not yet
  job text,
  -- when its start was sent, in milliseconds since 1970: in PostgreSQL's time, and in the source's where that is known
  sent bigint not null,
  sent_source bigint,
  -- the part of a run that reads it
  run_id bigint not null,
  step text not null,
  partition text not null,
  blocked_since timestamptz,
  dead_links int not null default 0,
  reason text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((ended_at is null) = (state in ('starting', 'blocked', 'running')))
);
create unique index report_jobs_one_open on tidemark.report_jobs (connection_id, entity, md5(parameters)) where ended_at is null;
create index report_jobs_by_part on tidemark.report_jobs (run_id, step, partition);
`;
