export const relatedRecords = /* sql */ `
-- When what is owed is to be asked for; and since when the related records of all rows have been read.
alter table tidemark.owed add column due_at timestamptz not null default clock_timestamp();
create index owed_due on tidemark.owed (due_at);
alter table tidemark.entities add column related_read_at timestamptz;
`;
