export const imports = /* sql */ `
-- Files of separated values that are imported into an entity.
create table tidemark.imports (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  -- of the file, without its folder
  name text not null,
  bytes bigint not null default 0,
  sha256 text,
  created_at timestamptz not null default clock_timestamp(),
  -- when its last byte had come and its length and hash were right; null: nothing reads it
  uploaded_at timestamptz,
  -- when what the file says was true: what its lines rank by
  as_of timestamptz,
  -- columns that have one value in every line
  set_values jsonb not null default '{}',
  run_id bigint,
  -- what the first pass found: how it is written, where its headers are, how many lines of each kind
  survey jsonb,
  ended_at timestamptz
);
create unique index imports_by_run on tidemark.imports (run_id);
create index imports_by_entity on tidemark.imports (connection_id, entity, id desc);

-- The bytes, in order, until the import has ended.
create table tidemark.import_chunks (
  import_id bigint not null references tidemark.imports on delete cascade,
  number int not null,
  content bytea not null,
  primary key (import_id, number)
);
alter table tidemark.import_chunks alter column content set storage external;

-- Lines that could not be imported.
create table tidemark.import_errors (
  import_id bigint not null references tidemark.imports on delete cascade,
  line bigint not null,
  problem text not null,
  content text not null,
  primary key (import_id, line)
);

-- What rows held before an import changed them.
create table tidemark.import_changes (
  import_id bigint not null references tidemark.imports on delete cascade,
  external_id text collate "C" not null,
  former jsonb not null,
  primary key (import_id, external_id)
);

alter table tidemark.runs drop constraint runs_strategy_check;
alter table tidemark.runs add constraint runs_strategy_check
  check (strategy in ('delta', 'reconciliation', 'backfill', 'remap', 'import'));
`;
