/** Until when a run waits and who said so, so that operators see it; and which attempt holds the fence of a part. */
export const visibleWaits = /* sql */ `
alter table tidemark.runs add column waiting_until timestamptz, add column waiting_reason text;
alter table tidemark.budgets add column blocked_because text;
-- of the attempt that opened the part last: its number, and when Temporal scheduled it, in milliseconds since 1970
alter table tidemark.run_parts add column attempt int not null default 0, add column attempt_at bigint not null default 0;
`;
