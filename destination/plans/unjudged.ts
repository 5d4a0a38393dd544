import type { Knex } from 'knex';
import { query } from '../database/query';

/**
 * Live rows of a plan that were not listed and stay as they are without the source having shown them: nothing could be asked, they
 * were received too recently, or the answer proved nothing. A row whose record was set aside is counted there.
 */
export async function countUnlisted(db: Knex, planId: string): Promise<number> {
  const [found] = await query<{ count: number }>(
    db,
    `select count(*)::int as count from tidemark.plan_items
     where plan_id = ? and difference in ('gone', 'unlisted') and outcome in ('open', 'exempt')`,
    [planId],
  );
  return found?.count ?? 0;
}
