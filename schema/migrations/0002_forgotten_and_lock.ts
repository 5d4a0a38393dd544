export const forgottenAndLock = /* sql */ `
-- Records that were erased lately: answers that were asked for before are not written any more. Removed after a day.
create table tidemark.forgotten (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  external_id text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  primary key (connection_id, entity, external_id)
);

-- The write lock of an entity, and what its holder has to look after. Volatile, so that what is looked up after the wait
-- is seen as it is then; a plain statement sees what was there when it began to wait.
create function tidemark.lock_entity(of_connection text, of_entity text, out any_set_aside boolean, out any_forgotten boolean)
language plpgsql volatile as $$
begin
  perform set_config('lock_timeout', '30s', true);
  perform pg_advisory_xact_lock(hashtextextended(format('tidemark %s %s', of_connection, of_entity), 0));
  any_set_aside := exists (
    select from tidemark.set_aside where connection_id = of_connection and entity = of_entity and cleared_at is null);
  any_forgotten := exists (
    select from tidemark.forgotten where connection_id = of_connection and entity = of_entity);
end $$;
`;
