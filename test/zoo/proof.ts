import type { Knex } from 'knex';
import type { Unjudged } from '../../destination/runs/entities';

/** What the last reconciliation could not judge: how many by its own count, and which records by name. */
export interface Proof {
  readonly counted: number;
  /** ids, each with the reason */
  readonly unjudged: ReadonlyMap<string, string>;
}

/** Reads the proof of an entity, which must have been reconciled. */
export async function readProof(db: Knex, connectionId: string): Promise<Proof> {
  const { rows: proofs } = await db.raw(
    `select proof_unjudged as unjudged from tidemark.entities where connection_id = ?`,
    [connectionId],
  );
  const { uncertainEnd: _, ...records } = (proofs[0]?.unjudged ?? {}) as Unjudged;
  const { rows } = await db.raw(
    /* sql */ `
    select external_id as id, reason || ': ' || detail as why from tidemark.set_aside
    where connection_id = :connectionId and cleared_at is null and reason <> 'skipped'
    union all
    select i.external_id, i.difference || ', ' || i.outcome from tidemark.plan_items i
    where i.plan_id = (select max(id) from tidemark.plans where connection_id = :connectionId)
      and i.difference in ('gone', 'unlisted') and i.outcome in ('open', 'exempt')`,
    { connectionId },
  );
  return {
    counted: Object.values(records).reduce((sum, count) => sum + count, 0),
    unjudged: new Map(rows.map(({ id, why }: { id: string; why: string }) => [id, why])),
  };
}
