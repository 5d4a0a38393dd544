export const renamedRows = /* sql */ `
-- A row whose record got a better key is renamed, which both of its ids remember.
alter table tidemark.answers drop constraint answers_outcome_check;
alter table tidemark.answers add constraint answers_outcome_check
  check (outcome in ('refused', 'disputed', 'deleted', 'revived', 'rekeyed'));
alter table tidemark.answers add column other_id text;
`;
