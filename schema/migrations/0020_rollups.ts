export const rollups = /* sql */ `
-- One row per roll-up; its name here is that of its table in schema public.
create table tidemark.rollups (
  rollup text primary key,
  connector text not null,
  -- what it was made from; null: to be made again
  version text,
  computed_at timestamptz,
  error text,
  failed_at timestamptz
);

-- The zone by which the days of a connection were computed.
create table tidemark.rollup_zones (
  rollup text not null references tidemark.rollups on delete cascade,
  connection_id text collate "C" not null,
  zone text not null,
  primary key (rollup, connection_id)
);

-- Days to be computed again. Only ever appended to, by whoever writes a row, and deleted by who computes the day.
create table tidemark.rollup_marks (
  rollup text not null,
  -- null: every connection
  connection_id text collate "C",
  -- null: every day
  day date,
  -- the zone that the day was found by
  zone text,
  marked_at timestamptz not null default now()
);
create index rollup_marks_by_day on tidemark.rollup_marks (rollup, connection_id, day);
`;
