-- The table `contacts` of people who used other tools before, as a view: one row per customer that has a phone or an e-mail address.
-- Run it once, after the first sync:  psql "$DATABASE_URL" -f connectors/service-titan/contacts.sql
create or replace view public.contacts as
select
  c.workspace_id || '/' || c.crm_id as id,
  c.workspace_id,
  c.crm_id,
  c.firstname,
  c.lastname,
  c.company,
  k.phone,
  k.email,
  c.active,
  c.merged_to_id,
  c.first_written_at as created_at,
  greatest(c.synced_at, k.synced_at) as updated_at
from public.service_titan_customers c
cross join lateral (
  select
    min(value) filter (where type in ('MobilePhone', 'Phone')) as phone,
    min(value) filter (where type = 'Email') as email,
    max(synced_at) as synced_at,
    count(*) as count
  from public.service_titan_customer_contacts
  where connection_id = c.connection_id and customer_id = c.crm_id and deleted_at is null) k
where c.deleted_at is null and k.count > 0;

create index if not exists service_titan_customer_contacts_customer
  on public.service_titan_customer_contacts (connection_id, customer_id);

-- The state of the sync under the name that the guide prints.
create or replace view public.servicetitan_sync_state as
select s.connection_id as workspace_id, s.* from tidemark.sync_state s
where s.connector = 'service_titan' and s.entity = 'customers';
