/** What operators ask of a source besides reading it, and the records that they asked to see. */
export const operatorRequests = /* sql */ `
-- A record as the source has just sent it, until the operator who asked for it has read it: workflow histories hold no content.
create table tidemark.shown_records (
  id uuid primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  -- JSON, with the numbers as the source wrote them
  record text not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Harmless changes that operators make at the source. Such a request is sent once at most: its row is written before it is sent.
create table tidemark.touches (
  id bigint generated always as identity primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  text text not null,
  -- unknown: it was sent, and nothing shows whether the source did it
  state text not null default 'requested' check (state in ('requested', 'sending', 'done', 'not-done', 'unknown')),
  status int,
  detail text not null default '',
  requested_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  ended_at timestamptz
);
create index touches_by_record on tidemark.touches (connection_id, entity, external_id);
`;
