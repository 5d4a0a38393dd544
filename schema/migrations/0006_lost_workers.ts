export const lostWorkers = /* sql */ `
-- Attempts at a part that neither advanced it nor ended with an error, as when their worker was killed; and since when.
alter table tidemark.run_parts
  add column tries int not null default 0,
  add column tries_since timestamptz;
`;
