export const windows = /* sql */ `
-- Days of which all lines are replaced together: the request whose document a day holds.
create table tidemark.windows (
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  entity text collate "C" not null,
  partition text collate "C" not null,
  day date not null,
  run_id bigint not null,
  sent_at timestamptz not null,
  received_at timestamptz not null,
  -- lines that the document lists for the day
  rows integer not null,
  primary key (connection_id, entity, partition, day)
);

alter table tidemark.plans drop constraint plans_about_check;
alter table tidemark.plans add constraint plans_about_check check (about in ('deletions', 'related', 'skipped', 'excluded', 'replaced'));

alter table tidemark.answers drop constraint answers_outcome_check;
alter table tidemark.answers add constraint answers_outcome_check
  check (outcome in ('refused', 'disputed', 'deleted', 'revived', 'rekeyed', 'skipped', 'excluded', 'included', 'replaced'));
`;
