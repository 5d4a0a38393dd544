export const watermark = /* sql */ `
-- What was called a line is a watermark: nothing received before it is written any more. Tables of entities, which the
-- engine makes outside of its own schema, are recognised by the columns of the merge rule.
alter table tidemark.entities rename column line_at to watermark_at;
alter table tidemark.answers rename column line_at to watermark_at;
do $$
declare
  entity_table regclass;
begin
  for entity_table in
    select c.oid::regclass from pg_class c
    where c.relkind in ('r', 'p') and (
      select count(*) from pg_attribute a
      where a.attrelid = c.oid and not a.attisdropped
        and a.attname in ('connection_id', 'external_id', '_sent_at', '_received_at', '_line_at', '_disputed_at', '_written_by')
    ) = 7
  loop
    execute format('alter table %s rename column _line_at to _watermark_at', entity_table);
  end loop;
end $$;
`;
