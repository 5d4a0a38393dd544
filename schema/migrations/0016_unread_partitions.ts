/** Partitions that are records of another entity: which of them a run could not read, and since when that is so. */
export const unreadPartitions = /* sql */ `
-- why the list of this part was not read, and the response that says so; null where it was, or is still to be
alter table tidemark.run_parts add column verdict text, add column verdict_detail text;

-- The partitions that the last run could not read. A row goes when its partition is read again, or is no longer listed.
create table tidemark.unread_partitions (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  partition text collate "C" not null,
  verdict text not null check (verdict in ('gone', 'not-served', 'refused', 'failed')),
  detail text not null,
  since timestamptz not null default clock_timestamp(),
  run_id bigint not null,
  primary key (connection_id, entity, partition)
);
`;
