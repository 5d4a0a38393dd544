/** Until when a run waits, and on whose word: an operator sees it, and can end it. */
export const visibleWaits = /* sql */ `
alter table tidemark.runs add column waiting_until timestamptz, add column waiting_reason text;
`;
