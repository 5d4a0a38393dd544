export const forgotten = /* sql */ `
-- Records that were erased lately: answers that were asked for before are not written any more. Removed after a day.
create table tidemark.forgotten (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  primary key (connection_id, entity, external_id)
);
`;
