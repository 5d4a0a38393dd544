import { codeOf } from '../../destination/database/errorCode';
import { ensureEntityTable } from '../../destination/runs/entityTable';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';

/** SQLSTATEs of a table, and of a column, that does not exist. */
const missing: ReadonlySet<string> = new Set(['42P01', '42703']);

/**
 * Does work that writes outside of a run, which makes the entity's table. Where it is missing, as before the first run and after
 * an operator has dropped it, or lacks a column, it is made and the work is done again.
 */
export async function withTable<T>(
  { db }: ActivityDeps,
  { connector, entity }: OpenTarget,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!missing.has(codeOf(error) ?? '')) throw error;
    const { created, added } = await ensureEntityTable(db, { connector: connector.name, entity });
    if (!created && added.length === 0) throw error;
    return work();
  }
}
