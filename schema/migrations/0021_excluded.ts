export const excluded = /* sql */ `
alter table tidemark.plans drop constraint plans_about_check;
alter table tidemark.plans add constraint plans_about_check check (about in ('deletions', 'related', 'skipped', 'excluded'));

alter table tidemark.answers drop constraint answers_outcome_check;
alter table tidemark.answers add constraint answers_outcome_check
  check (outcome in ('refused', 'disputed', 'deleted', 'revived', 'rekeyed', 'skipped', 'excluded', 'included'));
`;
