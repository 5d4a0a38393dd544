import { createListedKeys, type ListedKeys, listedKeysTable } from '../../destination/rows/keys/listedKeys';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';

/** The table of the keys that a step of a run has listed, made where the entity declares what duplicates are; undefined where it does not. */
export async function listedKeysOf(
  { db }: Pick<ActivityDeps, 'db'>,
  { entity }: OpenTarget,
  { runId, partition }: { readonly runId: string; readonly partition: string },
  step: string,
): Promise<ListedKeys | undefined> {
  if (entity.duplicates === undefined) return undefined;
  const table = listedKeysTable(runId, step);
  await createListedKeys(db, table);
  return { table, partition };
}
