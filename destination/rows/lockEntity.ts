import type { Knex } from 'knex';

/** What has to be looked after within the transaction that holds the lock; most have nothing of either. */
export interface Locked {
  /** of this entity: open set-aside entries, which end when their record is written */
  readonly anySetAside: boolean;
  /** … records that were erased recently, see `withoutForgotten` */
  readonly anyForgotten: boolean;
}

/**
 * One writer at a time per entity of a connection: what a statement reads is then what it writes over, which makes
 * counts exact and deadlocks impossible. Held for one batch, some 20 ms for 1,000 rows. A function of the database, since
 * a statement that waits for the lock itself would see what was there before it waited.
 */
export async function lockEntity(
  trx: Knex.Transaction,
  { connectionId, entity }: { readonly connectionId: string; readonly entity: { readonly name: string } },
): Promise<Locked> {
  const { rows } = await trx.raw(
    'select any_set_aside as "anySetAside", any_forgotten as "anyForgotten" from tidemark.lock_entity(?, ?)',
    [connectionId, entity.name],
  );
  return rows[0];
}
