import type { Knex } from 'knex';

/**
 * Clears the open entries without a readable key that a run which read everything did not meet: the source no longer shows
 * them so. What it shows now has landed, or was set aside again. Only such a run can know, since no request can ask for
 * them. `all`: it has read the listing `all`; otherwise it has where it made a full listing. Returns how many were
 * cleared; doing it twice is doing it once.
 */
export async function clearKeyless(db: Knex, runId: string, all: boolean): Promise<number> {
  const result = await db.raw(
    /* sql */ `
    update tidemark.set_aside s
    set cleared_at = clock_timestamp(), cleared_by = 'run ' || r.id || ' read everything and did not meet it'
    from tidemark.runs r
    where r.id = ? and (? or exists (select from tidemark.run_parts p where p.run_id = r.id and p.step = 'full-listing'))
      and s.connection_id = r.connection_id and s.entity = r.entity
      and s.cleared_at is null and s.external_id is null and s.last_seen_at < r.started_at
      -- lines of files are not what a listing shows
      and not exists (select from tidemark.runs f where f.id = s.run_id and f.strategy = 'import')`,
    [runId, all],
  );
  return result.rowCount ?? 0;
}
