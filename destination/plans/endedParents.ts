import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { goneParents } from '../rows/parents';
import type { Listed, LiveRows } from './coverage';

/**
 * Of the partitions that have live rows and are no longer listed, those whose parent the source has confirmed gone: that confirmation speaks
 * of its children too. Of any other partition that is no longer listed nothing is known.
 */
export async function endedParents(
  db: Knex,
  connectionId: string,
  { parents }: ConnectorEntity,
  { live, listed }: { readonly live: LiveRows; readonly listed: Listed },
): Promise<ReadonlySet<string>> {
  if (parents === undefined) return new Set();
  const left = [...live.byPartition.keys()].flatMap((name) => (name === null || listed.has(name) ? [] : [name]));
  return new Set(await goneParents(db, connectionId, parents, left));
}
