import type { Knex } from 'knex';
import type { Unjudged } from '../../destination/runs/entities';
import type { Coverage } from '../../schema/coverage';

/** What the last reconciliation could not judge: how many by its own count, and which records by name. */
export interface Proof {
  readonly counted: number;
  /** how many there are by name; a record is there twice if it is set aside and its row waits with a partition that lists nothing */
  readonly shown: number;
  /** ids, each with the reason */
  readonly unjudged: ReadonlyMap<string, string>;
}

/** Reads the proof of an entity, which must have been reconciled. */
export async function readProof(db: Knex, connectionId: string): Promise<Proof> {
  const { rows: proofs } = await db.raw(
    `select proof_unjudged as unjudged, proof_coverage as coverage from tidemark.entities where connection_id = ?`,
    [connectionId],
  );
  const { uncertainEnd: _, ...records } = (proofs[0]?.unjudged ?? {}) as Unjudged;
  const { notCompared } = (proofs[0]?.coverage ?? {}) as Partial<Coverage>;
  const { rows } = await db.raw(
    /* sql */ `
    select external_id as id, reason || ': ' || detail as why from tidemark.set_aside
    where connection_id = :connectionId and cleared_at is null and reason <> 'skipped'
    union all
    select i.external_id, i.difference || ', ' || i.outcome from tidemark.plan_items i
    where i.plan_id in (select id from tidemark.plans
        where run_id = (select max(run_id) from tidemark.plans where connection_id = :connectionId))
      and i.difference in ('gone', 'unlisted') and i.outcome in ('open', 'exempt')`,
    { connectionId },
  );
  return {
    // rows of a partition that lists nothing wait for an operator, and are counted as not compared
    counted: Object.values(records).reduce((sum, count) => sum + count, notCompared?.held ?? 0),
    shown: rows.length,
    unjudged: new Map(rows.map(({ id, why }: { id: string; why: string }) => [id, why])),
  };
}
