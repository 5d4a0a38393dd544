import type { Knex } from 'knex';
import type { Target } from '../../schema/workflows';

/** The instant up to which an entity of a connection is known to be synced; null until its first delta succeeded. */
export async function getCursor(db: Knex, { connectionId, entity }: Target): Promise<Date | null> {
  const { rows } = await db.raw('select cursor_at from tidemark.entities where connection_id = ? and entity = ?', [
    connectionId,
    entity,
  ]);
  return rows[0]?.cursor_at ?? null;
}
