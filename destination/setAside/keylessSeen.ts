import type { Knex } from 'knex';
import type { Target } from '../../schema/workflows';

/** How many open entries without a readable key have been met since an instant, in PostgreSQL's time. */
export async function keylessSeen(db: Knex, { connectionId, entity }: Target, since: Date): Promise<number> {
  const { rows } = await db.raw(
    `select count(*)::int as found from tidemark.set_aside
     where connection_id = ? and entity = ? and external_id is null and cleared_at is null and last_seen_at >= ?
       and not exists (select from tidemark.runs f where f.id = set_aside.run_id and f.strategy = 'import')`,
    [connectionId, entity, since],
  );
  return rows[0].found;
}
