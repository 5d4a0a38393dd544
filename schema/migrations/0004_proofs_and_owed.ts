export const proofsAndOwed = /* sql */ `
-- Rows that the last proof could not judge, by reason; and columns added since rows were read, with the instant since when.
alter table tidemark.entities
  add column proof_unjudged jsonb not null default '{}',
  add column owed jsonb not null default '{}';

-- An event is the same as another only if it is about the same record and says the same: sources exist that use one id for
-- several. The record's id and the body are hashed, since both may be longer than an index can hold.
alter table tidemark.inbox drop constraint inbox_connection_id_event_id_key;
create unique index inbox_once on tidemark.inbox
  (connection_id, event_id, (coalesce(entity, '')), (hashtextextended(coalesce(external_id, '') || ' ' || body, 0)));
`;
