/** An end of waits, and counts of a batch, that hold in whatever order attempts and Temporal hear of each other. */
export const endedWaits = /* sql */ `
-- how often operators have ended the waits of an account, and when last
alter table tidemark.budgets add column resumes bigint not null default 0, add column resumed_at timestamptz;

-- what the attempts of an activity that fetches records by id have committed together; kept for two days
create table tidemark.batch_counts (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  workflow_run_id text collate "C" not null,
  activity_id text collate "C" not null,
  -- of a list of ids: how many are done
  done int not null,
  fetches bigint not null,
  counts jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (workflow_run_id, activity_id)
);
create index batch_counts_by_connection on tidemark.batch_counts (connection_id);
`;
