export const coverageAndCursors = /* sql */ `
-- How far each partition of a listing is synced. An entity without partitions has the partition ''. An instant says so by itself; a
-- token is opaque, and its instant is that of the first request of the run that was given it.
create table tidemark.cursors (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  listing text not null default 'changes',
  partition text collate "C" not null default '',
  kind text not null default 'instant' check (kind in ('instant', 'token')),
  at timestamptz not null,
  token text,
  -- the run that gave it; null where an operator did
  run_id bigint,
  updated_at timestamptz not null default clock_timestamp(),
  -- since when the partition is no longer listed; its cursor is kept for its return
  left_at timestamptz,
  -- the source had forgotten the token: deletions since then are unknown until a reconciliation
  deletions_unknown_since timestamptz,
  primary key (connection_id, entity, listing, partition),
  check ((kind = 'token') = (token is not null))
);
insert into tidemark.cursors (connection_id, entity, at)
  select connection_id, entity, cursor_at from tidemark.entities where cursor_at is not null;
alter table tidemark.entities drop column cursor_at;

-- the cursor that a part began from, and the token that its last page gave
alter table tidemark.run_parts
  add column listing text,
  add column found_at timestamptz,
  add column found_token text,
  add column next_token text;
update tidemark.run_parts p
  set listing = case when r.full_listing then 'all' else 'changes' end, found_at = case when r.strategy = 'delta' then r.cursor_before end
  from tidemark.runs r where r.id = p.run_id and r.status = 'running' and p.step = 'pull';

-- Records that are to be fetched again, since what belongs to them could not be read in full.
create table tidemark.owed (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  reason text not null,
  since timestamptz not null default clock_timestamp(),
  attempts int not null default 0,
  primary key (connection_id, entity, external_id)
);
create index owed_by_age on tidemark.owed (connection_id, entity, since);

-- What the last proof, and a plan's scan, compared; and the partition whose deletions a plan holds, where it is not of the whole.
alter table tidemark.entities add column proof_coverage jsonb not null default '{}';
alter table tidemark.plans add column partition text collate "C", add column coverage jsonb not null default '{}';

-- In which partition a row was listed last, who brought it, and the keys of its record. Tables of entities are recognised by the
-- columns of the merge rule. A default that is dropped again gives every row its value without rewriting the table.
do $$
declare
  entity_table regclass;
begin
  for entity_table in
    select c.oid::regclass from pg_class c
    where c.relkind in ('r', 'p') and (
      select count(*) from pg_attribute a
      where a.attrelid = c.oid and not a.attisdropped
        and a.attname in ('connection_id', 'external_id', '_sent_at', '_received_at', '_watermark_at', '_disputed_at', '_written_by')
    ) = 7
  loop
    execute format('alter table %s add column if not exists _partition text collate "C",
      add column if not exists _origin text collate "C" default ''source'', add column if not exists _keys text[]', entity_table);
    execute format('alter table %s alter column _origin drop default', entity_table);
    execute format('update %s set _origin = null where _received_at is null', entity_table);
  end loop;
end $$;
`;
