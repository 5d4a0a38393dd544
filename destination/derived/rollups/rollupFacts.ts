import type { Knex } from 'knex';
import type { Rollup } from '../../../schema/definition/rollups';
import { type AuditEntry, audit } from '../../audit';
import { query } from '../../database/query';
import { markAll } from './installRollup';

/** How far a roll-up is. */
export interface RollupFacts {
  readonly rollup: string;
  /** days that are marked; one for each connection, or one, where every day is */
  readonly pending: number;
  /** since when the longest waits */
  readonly pendingSince: Date | null;
  /** when the marked days were last computed; null: never yet */
  readonly computedAt: Date | null;
  /** what PostgreSQL refused, of which day; null: nothing */
  readonly error: string | null;
}

/** Of roll-ups that are declared, by the name of their tables. */
export async function rollupFacts(db: Knex, tables: readonly string[]): Promise<RollupFacts[]> {
  return query<RollupFacts>(
    db,
    /* sql */ `
    select n.rollup, coalesce(m.pending, 0) as pending, m.since as "pendingSince", r.computed_at as "computedAt", r.error
    from unnest(cast(? as text[])) as n(rollup)
    left join tidemark.rollups r on r.rollup = n.rollup
    left join lateral (
      select count(distinct (connection_id, day))::int as pending, min(marked_at) as since
      from tidemark.rollup_marks where rollup = n.rollup) m on true
    order by n.rollup`,
    [[...tables]],
  );
}

/** Marks every day of a roll-up, of one connection or of all, to be computed by the next sweep; audited. */
export async function rebuildRollup(
  db: Knex,
  { table }: Rollup,
  connectionId: string | null,
  by: Pick<AuditEntry, 'actor' | 'reason'>,
): Promise<void> {
  await db.transaction(async (trx) => {
    await markAll(trx, table, connectionId);
    await audit(trx, {
      ...by,
      action: 'rollups rebuild',
      ...(connectionId === null ? {} : { connectionId }),
      details: { rollup: table },
    });
  });
}
