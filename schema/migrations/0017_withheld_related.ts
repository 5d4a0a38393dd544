export const withheldRelated = /* sql */ `
-- Readings that show fewer related records of a record than its row holds, until it is known that not too many records lose theirs.
create table tidemark.withheld_related (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  -- the run that read it; null: none
  run_id bigint,
  -- JSON, as in raw_related
  related text not null,
  sent_at timestamptz not null,
  received_at timestamptz not null,
  -- kinds of which it shows fewer, and those of them of which it shows none
  fewer text[] not null,
  none text[] not null,
  primary key (connection_id, entity, external_id)
);
alter table tidemark.plans add column about text not null default 'deletions' check (about in ('deletions', 'related'));
`;
