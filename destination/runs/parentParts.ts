import type { Knex } from 'knex';
import type { Parents } from '../../schema/definition/partitions';
import { TidemarkError } from '../../schema/errors';
import type { Slice } from '../../schema/slice';
import type { Target } from '../../schema/workflows';
import { query, queryIds } from '../database/query';
import { parentTable } from '../rows/parents';
import type { Run } from './runs';

/** Below every fence, so that the first attempt at a part begins it. */
const unopened = -1;

/**
 * SQL: the live records of the parent's table (alias `p`) that the source has shown. Bind `connectionId`.
 */
const liveParents = `p.connection_id = :connectionId and p.deleted_at is null and p._origin = 'source'`;

/** The ids of the parents that are live now. Throws as `fixPartitions` does. */
export async function currentParents(db: Knex, target: Target, parents: Parents): Promise<string[]> {
  await assertCompleted(db, target, parents);
  const found = await queryIds(
    db,
    `select p.external_id as id from ${parentTable(parents)} p where ${liveParents} order by 1`,
    { connectionId: target.connectionId },
  );
  if (found.length === 0) throw noParents(target, parents);
  return found;
}

/**
 * Writes down the partitions of a run, one part for each live parent, unless that has been done. Returns how many they are. Throws
 * ContractBroken where the parents were never read to the end, or where there is none: then nothing is known of the children.
 */
export async function fixPartitions(
  db: Knex,
  run: Pick<Run, 'id' | 'connectionId' | 'entity'>,
  step: string,
  parents: Parents,
): Promise<number> {
  return db.transaction(async (trx) => {
    // an attempt that is late finds the list that the former one has made
    await trx.raw('select from tidemark.runs where id = ? for update', [run.id]);
    const known = await partitionsOfRun(trx, run.id, step);
    if (known.length > 0) return known.length;
    await assertCompleted(trx, run, parents);
    const { rowCount } = await trx.raw(
      /* sql */ `
      insert into tidemark.run_parts (run_id, step, partition, fence)
      select cast(:runId as bigint), :step, p.external_id, ${unopened} from ${parentTable(parents)} p where ${liveParents}`,
      { runId: run.id, step, connectionId: run.connectionId },
    );
    if ((rowCount ?? 0) === 0) throw noParents(run, parents);
    return rowCount ?? 0;
  });
}

/** Gives a further step of a run the partitions of a former one. */
export async function samePartitions(db: Knex, runId: string, from: string, step: string): Promise<void> {
  await db.raw(
    `insert into tidemark.run_parts (run_id, step, partition, fence)
     select run_id, ?, partition, ${unopened} from tidemark.run_parts where run_id = ? and step = ? on conflict do nothing`,
    [step, runId, from],
  );
}

/** The partitions of a run's step, in order. */
export async function partitionsOfRun(db: Knex, runId: string, step: string, slice?: Slice): Promise<string[]> {
  return queryIds(
    db,
    `select id from (
       select partition as id, row_number() over (order by partition) as place from tidemark.run_parts where run_id = ? and step = ?) p
     where place % cast(? as int) = cast(? as int) order by 1`,
    [runId, step, slice?.of ?? 1, slice?.index ?? 0],
  );
}

/** A delta has read all of them once, or a reconciliation has. */
async function assertCompleted(db: Knex, { connectionId, entity }: Target, parents: Parents): Promise<void> {
  const [found] = await query<{ completed: boolean }>(
    db,
    /* sql */ `
    select exists (select from tidemark.cursors k where k.connection_id = :connectionId and k.entity = :parent
        and k.listing = 'changes' and k.left_at is null and k.run_id is not null)
      or exists (select from tidemark.entities e where e.connection_id = :connectionId and e.entity = :parent and e.proved_at is not null) as completed`,
    { connectionId, parent: parents.entity },
  );
  if (found?.completed) return;
  throw new TidemarkError(
    'ContractBroken',
    `${connectionId}/${entity} takes its partitions from ${parents.entity}, which has never been read to the end. Nothing was read, and nothing is concluded. ` +
      `Run \`tidemark sync ${connectionId} ${parents.entity}\` first`,
  );
}

function noParents({ connectionId, entity }: Target, parents: Parents): TidemarkError {
  return new TidemarkError(
    'ContractBroken',
    `${connectionId}/${entity} takes its partitions from ${parents.entity}, which has no live rows. Nothing was read, and nothing is concluded. ` +
      `Check ${parents.entity} with \`tidemark status ${connectionId} ${parents.entity}\``,
  );
}
