-- The table `contacts` of people who used other tools before, as a view: one row per customer that has a phone or an e-mail address.
-- Run it once, after the first sync:  psql "$DATABASE_URL" -f connectors/service-titan/contacts.sql
create or replace view public.contacts as
select
  workspace_id || '/' || crm_id as id,
  workspace_id,
  crm_id,
  firstname,
  lastname,
  company,
  phone,
  email,
  active,
  merged_to_id,
  -- null for rows from before the engine stored it
  coalesce(first_written_at, synced_at) as created_at,
  synced_at as updated_at
from public.service_titan_customers
where deleted_at is null and (phone is not null or email is not null);

-- The state of the sync under the name that the guide prints.
create or replace view public.servicetitan_sync_state as
select s.connection_id as workspace_id, s.* from tidemark.sync_state s
where s.connector = 'service_titan' and s.entity = 'customers';

-- The guide also sets the cursor and the status there by hand. A view shows what the engine knows: the error names the command instead.
create or replace function public.servicetitan_sync_state_is_shown() returns trigger language plpgsql as $$
begin
  raise exception 'servicetitan_sync_state shows the state of the sync; nothing was changed' using hint = format(
    'To skip a catch-up, run: tidemark cursor reset %s customers --to 1m --forward --reason "...". A run that crashed never stays "running".',
    old.workspace_id);
end $$;
create or replace trigger is_shown instead of update on public.servicetitan_sync_state
for each row execute function public.servicetitan_sync_state_is_shown();
