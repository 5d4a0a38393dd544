export const references = /* sql */ `
-- One row per reference: its name here is that of its table and column.
create table tidemark.reference_columns (
  reference text primary key,
  connector text not null,
  -- what it was made from; null: to be found again
  version text,
  resolved_at timestamptz,
  error text,
  failed_at timestamptz
);

-- Rows whose reference is to be found again. Only ever appended to, by whoever writes a row, and deleted by who finds it.
create table tidemark.reference_marks (
  reference text not null,
  -- null: every connection
  connection_id text collate "C",
  -- the row that refers; with key null too: every row of the connection
  external_id text collate "C",
  -- or every row that refers by this key: which of the keys, and its hash
  key_of smallint,
  key text collate "C",
  marked_at timestamptz not null default now()
);
create index reference_marks_by_connection on tidemark.reference_marks (reference, connection_id);
`;
