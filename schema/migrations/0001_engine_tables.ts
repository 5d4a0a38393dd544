/** The engine's own tables. Destination tables are made from row schemas, by `destination/rows/tables.ts`. */
export const engineTables = /* sql */ `
create table tidemark.connections (
  id text collate "C" primary key,
  connector text not null,
  settings jsonb not null,
  time_zone text not null,
  business_hours jsonb,
  schedules jsonb not null default '{}',
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- AES-256-GCM under the key named key_id; one row for all secrets of a connection
create table tidemark.secrets (
  connection_id text collate "C" primary key references tidemark.connections on delete cascade,
  key_id text not null,
  nonce bytea not null,
  sealed bytea not null,
  updated_at timestamptz not null default now()
);

-- what is known of an entity of a connection
create table tidemark.entities (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  -- the instant up to which it is known to be synced
  cursor_at timestamptz,
  -- nothing received before this is ever written: drawn by a completed reconciliation
  line_at timestamptz not null default '-infinity',
  -- when a reconciliation last proved the table equal, and how many differences it found
  proved_at timestamptz,
  proof_differences bigint,
  primary key (connection_id, entity)
);

create table tidemark.runs (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  strategy text not null check (strategy in ('delta', 'reconciliation', 'backfill', 'remap')),
  trigger text not null,
  status text not null default 'running'
    check (status in ('running', 'succeeded', 'waiting', 'failed', 'cancelled', 'terminated', 'timed-out', 'lost')),
  dry_run boolean not null default false,
  -- a delta that reads the listing 'all' instead of 'changes'
  full_listing boolean not null default false,
  workflow_id text not null,
  workflow_run_id text not null,
  -- a live attempt renews it; when it has passed, Temporal is asked what became of the run
  lease_until timestamptz not null,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  cursor_before timestamptz,
  cursor_after timestamptz,
  counts jsonb not null default '{}',
  pages bigint not null default 0,
  requests bigint not null default 0,
  error_type text,
  error text,
  -- what a reconciliation found, and other particulars of the strategy
  details jsonb not null default '{}'
);
create unique index runs_one_running on tidemark.runs (connection_id, entity, strategy) where status = 'running';
-- a workflow's claim, tried again however late, is the same claim
create unique index runs_one_a_workflow on tidemark.runs (workflow_run_id, connection_id, entity, strategy);
create index runs_by_entity on tidemark.runs (connection_id, entity, id desc);

-- how far each partition of each listing of a run has come; the fence stands here
create table tidemark.run_parts (
  run_id bigint not null references tidemark.runs on delete cascade,
  -- 'pull', 'scan', 'second-scan' …
  step text not null,
  partition text not null default '',
  -- the attempt that may write; a higher one has taken over
  fence bigint not null,
  resume_point jsonb,
  -- PostgreSQL's and the source's time of the first request, in milliseconds since 1970
  first_sent bigint,
  first_sent_source bigint,
  pages bigint not null default 0,
  records bigint not null default 0,
  requests bigint not null default 0,
  -- rows put into the staging table, to notice an unlogged table that a crash has emptied
  staged bigint not null default 0,
  counts jsonb not null default '{}',
  done boolean not null default false,
  -- since when its source has been unreachable without any progress, and what it said last
  failing_since timestamptz,
  failing_with text,
  primary key (run_id, step, partition)
);

-- the deletions, and the fetches, that a reconciliation found
create table tidemark.plans (
  id bigint generated always as identity primary key,
  run_id bigint not null references tidemark.runs on delete cascade,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  status text not null default 'open'
    check (status in ('open', 'waiting', 'approved', 'applied', 'rejected', 'expired', 'undone', 'dry')),
  -- when the scan began, in PostgreSQL's time: rows received later than this less the read lag are exempt
  scan_started timestamptz not null,
  live_rows bigint not null,
  missing bigint not null,
  stale bigint not null,
  gone bigint not null,
  -- live rows that were not listed either, but were received so lately that absence says nothing: the source is asked
  unlisted bigint not null,
  deleted bigint not null default 0,
  reason text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  decision_reason text,
  -- the run that applied it after approval
  applied_by bigint
);
create index plans_by_entity on tidemark.plans (connection_id, entity, id desc);

create table tidemark.plan_items (
  plan_id bigint not null references tidemark.plans on delete cascade,
  external_id text collate "C" not null,
  difference text not null check (difference in ('missing', 'stale', 'gone', 'unlisted')),
  -- open → fetched | deleted | live (the source still answers it) | exempt | failed
  outcome text not null default 'open',
  detail text,
  -- how the difference came about, as far as it can be told; see differenceCauses.ts
  cause text,
  primary key (plan_id, external_id)
);
create index plan_items_open on tidemark.plan_items (plan_id, difference, external_id) where outcome = 'open';

create table tidemark.set_aside (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C",
  reason text not null check (reason in ('invalid', 'conflict', 'skipped')),
  detail text not null,
  -- text, because what is wrong with a record may be that it is no jsonb
  raw text not null,
  raw_hash bytea not null,
  run_id bigint,
  times bigint not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  cleared_at timestamptz,
  cleared_by text
);
-- one open entry a record; records without a readable key are told apart by their content
create unique index set_aside_open on tidemark.set_aside
  (connection_id, entity, (coalesce(external_id, '')), (case when external_id is null then encode(raw_hash, 'hex') else '' end))
  where cleared_at is null;

create table tidemark.inbox (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  event_id text not null,
  type text not null,
  -- null for event types that the connector does not know: stored, acknowledged, ignored
  entity text collate "C",
  external_id text collate "C",
  headers jsonb not null default '{}',
  body text not null,
  received_at timestamptz not null default clock_timestamp(),
  -- when it was received, or opened again for a replay
  opened_at timestamptz not null default clock_timestamp(),
  -- null while open; set in the transaction that writes an answer sent after opened_at
  done_at timestamptz,
  -- what the record's answer became, or 'ignored' (nothing to fetch), or 'parked' (could not be processed)
  outcome text,
  detail text,
  unique (connection_id, event_id),
  check (done_at is not null or (entity is not null and external_id is not null))
);
create index inbox_open on tidemark.inbox (connection_id, entity, external_id, opened_at) where done_at is null;
create index inbox_parked on tidemark.inbox (connection_id, entity, id) where outcome = 'parked';

-- Records whose events were answered a moment ago: further events of them are gathered until then. Unlogged, since nothing is
-- lost with it but one request; rows older than a minute mean nothing and are removed.
create unlogged table tidemark.inbox_pauses (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  pause_ms int not null,
  until_at timestamptz not null,
  primary key (connection_id, entity, external_id)
);

-- one request budget per account, shared by all workers
create table tidemark.budgets (
  account text collate "C" primary key,
  -- requests granted in each slice of the sliding window: when the slice ends, in milliseconds since 1970, and how many
  slice_ends bigint[] not null default '{}',
  slice_counts int[] not null default '{}',
  -- by priority, webhooks first: until when one of it, refused, counts as waiting
  waiting_until bigint[] not null default '{}',
  blocked_until timestamptz
);

-- Answers that somebody asks about later: refused, disputed, deleting, or showing a deleted record alive. Never those that
-- merely were written or changed nothing: of those there are as many as records read.
create table tidemark.answers (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  outcome text not null check (outcome in ('refused', 'disputed', 'deleted', 'revived')),
  -- whether it was written: a disputed one may be either
  won boolean not null,
  -- what was said, when it was asked, and for whom
  gone boolean not null,
  version text collate "C",
  sent_at timestamptz not null,
  received_at timestamptz not null,
  written_by text not null,
  -- what the row held until then; all null where there was none
  held_gone boolean,
  held_version text collate "C",
  held_sent_at timestamptz,
  held_received_at timestamptz,
  held_by text,
  -- nothing received before this was to be written
  line_at timestamptz not null
);
create index answers_by_record on tidemark.answers (connection_id, entity, external_id, id);

create table tidemark.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  connection_id text collate "C",
  entity text collate "C",
  reason text not null,
  details jsonb not null default '{}'
);
`;
