export const leftOut = /* sql */ `
-- Of a record that its mapping left out: the version and the times of the answer that showed it so.
alter table tidemark.set_aside add column version text collate "C", add column sent_at timestamptz, add column received_at timestamptz;

alter table tidemark.plans drop constraint plans_about_check;
alter table tidemark.plans add constraint plans_about_check check (about in ('deletions', 'related', 'skipped'));

alter table tidemark.answers drop constraint answers_outcome_check;
alter table tidemark.answers add constraint answers_outcome_check
  check (outcome in ('refused', 'disputed', 'deleted', 'revived', 'rekeyed', 'skipped'));
`;
