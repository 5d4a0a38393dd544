import { Context } from '@temporalio/activity';
import type { Knex } from 'knex';
import { parentsOf } from '../destination/rows/parents';
import { currentParents, partitionsOfRun } from '../destination/runs/parentParts';
import type { Attempt, PartKey, PartName } from '../destination/runs/runParts';
import { anyRead, closeUnread } from '../destination/runs/unreadParts';
import type { ParentPartition } from '../schema/definition/partitions';
import { TidemarkError } from '../schema/errors';
import type { Slice } from '../schema/slice';
import { PartitionUnread } from '../schema/unreadPartition';
import { afterEndOfPart } from './attempt/endedAttempt';
import { thisAttempt } from './attempt/thisAttempt';
import type { ActivityDeps } from './deps';
import type { OpenTarget } from './openTarget';
import { isUnavailable } from './records/unavailable';

/** The partitions of a run's step: as its definition lists them, or as they were fixed when it was claimed. */
export async function partitionsFor(
  db: Knex,
  { entity, partitions }: OpenTarget,
  runId: string,
  step: string,
): Promise<readonly string[]> {
  return entity.parents === undefined ? partitions : await partitionsOfRun(db, runId, step);
}

/** A partition to be read now, outside of runs. */
export interface ReadPartition {
  readonly partition: string;
  readonly parent?: ParentPartition;
}

/** The partitions as they are now, at most `limit` of them. Throws ContractBroken where the parents are not known. */
export async function partitionsNow(
  db: Knex,
  { entity, partitions, target }: OpenTarget,
  limit = Number.POSITIVE_INFINITY,
): Promise<ReadPartition[]> {
  const { parents } = entity;
  if (parents === undefined) return partitions.slice(0, limit).map((partition) => ({ partition }));
  const ids = (await currentParents(db, target, parents)).slice(0, limit);
  const known = await parentsOf(db, target.connectionId, parents, ids);
  return ids.map((id) => ({ partition: id, parent: known.get(id) ?? { id, fields: {} } }));
}

/** The source does not answer about one parent's list; about others it may. */
class ParentUnavailable extends Error {
  constructor(
    readonly key: PartKey,
    override readonly cause: TidemarkError,
  ) {
    super(cause.message);
  }
}

/**
 * What becomes of a part that an error stopped. Of a parent's list that the source does not serve, or that contradicts the definition, the
 * part ends with a verdict, and this returns. Otherwise it throws what the activity is to throw.
 */
export async function stoppedPart(
  deps: ActivityDeps,
  key: PartKey,
  error: unknown,
  parent: ParentPartition | undefined,
): Promise<void> {
  if (parent !== undefined && error instanceof TidemarkError) {
    if (error instanceof PartitionUnread) return closeUnread(deps.db, key, error.verdict, error.message);
    if (error.type === 'ContractBroken') return closeUnread(deps.db, key, 'failed', error.message);
    if (isUnavailable(error)) throw new ParentUnavailable(key, error);
  }
  throw await afterEndOfPart(deps, key, error);
}

/**
 * Reads the parents of a slice one after another. One about whose list the source fails is read once more after the others; where it fails
 * again while the list of another is answered, its part ends as `failed`.
 */
export async function eachParent(
  deps: ActivityDeps,
  open: OpenTarget,
  { slice, ...name }: Pick<PartName, 'runId' | 'step'> & { readonly slice: Slice },
  read: (parent: ParentPartition, attempt: Attempt) => Promise<void>,
): Promise<void> {
  const { parents } = open.entity;
  if (parents === undefined)
    throw new TidemarkError(
      'Usage',
      `Run ${name.runId}: the partitions of ${open.entity.name} are no records of another entity`,
    );
  const ids = await partitionsOfRun(deps.db, name.runId, name.step, slice);
  const known = await parentsOf(deps.db, open.target.connectionId, parents, ids);
  const again: ParentPartition[] = [];
  for (const id of ids) {
    // the row of a parent may have been erased meanwhile
    const parent = known.get(id) ?? { id, fields: {} };
    await read(parent, thisAttempt()).catch((error: unknown) => {
      if (!(error instanceof ParentUnavailable)) throw error;
      again.push(parent);
    });
  }
  const { number, scheduled } = thisAttempt();
  for (const parent of again) {
    // a further reading of a part comes after the former one, whose fence it takes over
    await read(parent, { number, scheduled: scheduled + 1 }).catch(async (error: unknown) => {
      if (!(error instanceof ParentUnavailable)) throw error;
      if (!(await answersOthers(deps, open, error.key))) throw await afterEndOfPart(deps, error.key, error.cause);
      await closeUnread(deps.db, error.key, 'failed', error.message);
    });
  }
}

/** Whether the source, which has just failed for one parent, answers about another: then it is not the source that fails. */
async function answersOthers(
  { db }: ActivityDeps,
  { entity, source, target }: OpenTarget,
  key: PartKey,
): Promise<boolean> {
  const other = await anyRead(db, key);
  if (other === undefined || entity.parents === undefined) return false;
  const parent = (await parentsOf(db, target.connectionId, entity.parents, [other])).get(other);
  const signal = Context.current().cancellationSignal;
  try {
    for await (const _page of source.streamAll(entity, 'all', { partition: other, parent, signal })) return true;
    return false;
  } catch (error) {
    if (isUnavailable(error)) return false;
    throw error;
  }
}
