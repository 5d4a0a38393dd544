import type { Knex } from 'knex';
import type { Coverage, NotCompared } from '../../schema/coverage';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import { lockEntity } from '../rows/lockEntity';
import { type Horizon, horizonBindings, insideSql } from './horizon';

/** How many ids a complete scan staged, by partition. */
export type Listed = ReadonlyMap<string, number>;

/** Live rows by where a scan should show them. */
export interface LiveRows {
  /** rows of the source within the range, by partition; null: not known */
  readonly byPartition: ReadonlyMap<string | null, number>;
  readonly notCompared: NotCompared;
}

/** Whether an entity is read in partitions: one that has no name is no partition. */
export function isPartitioned(partitions: Iterable<string>): boolean {
  const [first, ...others] = partitions;
  return others.length > 0 || (first !== undefined && first !== '');
}

/** Reads the whole table once. */
export async function countLiveRows(
  db: Knex,
  { connectionId }: Pick<Target, 'connectionId'>,
  entity: ConnectorEntity,
  horizon: Horizon | null,
): Promise<LiveRows> {
  const rows = await query<{ partition: string | null; origin: string | null; inside: boolean; rows: number }>(
    db,
    /* sql */ `
    select _partition as partition, _origin as origin, ${insideSql(entity, horizon)} as inside, count(*) as rows
    from ${tableName(entity)} c where connection_id = :connectionId and deleted_at is null group by 1, 2, 3`,
    { connectionId, ...horizonBindings(horizon) },
  );
  const byPartition = new Map<string | null, number>();
  const notCompared = { imported: 0, own: 0, outside: 0 };
  for (const { partition, origin, inside, rows: count } of rows) {
    if (origin === 'import') notCompared.imported += count;
    else if (origin === null) notCompared.own += count;
    else if (!inside) notCompared.outside += count;
    else byPartition.set(partition, (byPartition.get(partition) ?? 0) + count);
  }
  return { byPartition, notCompared };
}

/** Notes the partition of each row that a scan has listed, some at a time, so that other writers wait only briefly. */
export async function notePartitions(
  db: Knex,
  { connectionId }: Pick<Target, 'connectionId'>,
  entity: ConnectorEntity,
  staging: string,
): Promise<void> {
  // a comparison of versions does not see that another parent makes another row: it is fetched again
  const mappedByPartition =
    entity.parents !== undefined && entity.listings.ids !== undefined && entity.listings.one !== undefined;
  const noted = /* sql */ `
      update ${tableName(entity)} t set _partition = s.partition${mappedByPartition ? ', _disputed_at = coalesce(t._disputed_at, clock_timestamp())' : ''}
      from (
        select c.external_id, min(s.partition) as partition
        from ${staging} s join ${tableName(entity)} c on c.connection_id = ? and c.external_id = s.external_id
        where not exists (select from ${staging} o where o.external_id = s.external_id and o.partition = c._partition)
        group by 1 order by 1 limit 20000
      ) s
      where t.connection_id = ? and t.external_id = s.external_id`;
  for (;;) {
    const rowCount = await db.transaction(async (trx) => {
      await lockEntity(trx, { connectionId, entity });
      return (await trx.raw(noted, [connectionId, connectionId])).rowCount;
    });
    if ((rowCount ?? 0) === 0) return;
  }
}

/** SQL over a row (alias `c`): whether the list would show it if the source had it; with the values to bind. */
export function judgedBy(entity: ConnectorEntity, listed: Listed, horizon: Horizon | null) {
  const inside = insideSql(entity, horizon);
  if (!isPartitioned(listed.keys())) return { sql: inside, bindings: horizonBindings(horizon) };
  const showing = [...listed].flatMap(([partition, ids]) => (ids > 0 ? [partition] : []));
  return {
    sql: `${inside} and c._partition = any(cast(:showing as text[]))`,
    bindings: { ...horizonBindings(horizon), showing },
  };
}

/** Rows of partitions that list nothing, or are not listed: nothing is known of them. */
export function silentIn(live: LiveRows, listed: Listed): Map<string | null, number> {
  if (!isPartitioned(listed.keys())) return new Map();
  return new Map([...live.byPartition].filter(([partition]) => (listed.get(partition ?? '') ?? 0) === 0));
}

/** Partitions of which nothing was concluded, and those whose rows were judged although no list of theirs was read. */
export interface NotJudged {
  /** their rows, by partition, wait for an operator */
  readonly held: ReadonlyMap<string | null, number>;
  /** parents whose list the source did not serve */
  readonly unread: ReadonlySet<string>;
  /** parents that the source confirmed gone */
  readonly ended: ReadonlySet<string>;
}

/** What is left of a coverage once it is known which partitions are held; null where everything was covered. */
export function coverageOf(
  live: LiveRows,
  listed: Listed,
  horizon: Horizon | null,
  { held, unread, ended }: NotJudged,
): Coverage | null {
  const partitioned = isPartitioned(listed.keys());
  // what has no partitions is listed whole, whatever it was before
  const left = [...live.byPartition.keys()].filter((name) => name !== null && (held.has(name) || !ended.has(name)));
  const known = new Set([...listed.keys(), ...left]);
  const compared = [...listed.keys()].filter((name) => !held.has(name) && !unread.has(name)).length;
  const ofUnread = [...unread].reduce((sum, name) => sum + (live.byPartition.get(name) ?? 0), 0);
  const counts = {
    ...live.notCompared,
    held: [...held.values()].reduce((sum, rows) => sum + rows, 0),
    unread: ofUnread,
  };
  const notCompared = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) as NotCompared;
  const partitions = partitioned ? { compared, known: known.size } : null;
  if (!partitioned && horizon === null && Object.keys(notCompared).length === 0) return null;
  return {
    partitions,
    from: horizon?.from?.toISOString() ?? null,
    to: horizon?.to?.toISOString() ?? null,
    notCompared,
  };
}

/** Whether every row that the source may have is in it: only then does the scan speak of all answers of before. */
export function coversAll(coverage: Coverage | null): boolean {
  if (coverage === null) return true;
  const { partitions, from, to, notCompared } = coverage;
  return (
    from === null &&
    to === null &&
    (notCompared.held ?? 0) + (notCompared.unread ?? 0) === 0 &&
    partitions?.compared === partitions?.known
  );
}
