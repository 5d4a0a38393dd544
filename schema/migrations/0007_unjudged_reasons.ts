export const unjudgedReasons = /* sql */ `
-- A record whose id the source answers with another record is set aside for a reason of its own, and a part remembers that its list
-- ended where nothing showed that it had ended: proofs are qualified by both.
alter table tidemark.set_aside drop constraint set_aside_reason_check;
alter table tidemark.set_aside
  add constraint set_aside_reason_check check (reason in ('invalid', 'conflict', 'skipped', 'other-id'));
alter table tidemark.run_parts add column end_uncertain boolean not null default false;
`;
