import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { UnreadVerdict } from '../../schema/unreadPartition';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import { tableName } from '../rows/format/rowFormat';

/** A parent whose list the last run could not read. */
export interface UnreadPartition {
  readonly partition: string;
  readonly verdict: UnreadVerdict;
  /** the response that says so */
  readonly detail: string;
  /** when a run found it first; read again, it is forgotten */
  readonly since: Date;
}

/** The parents of an entity that could not be read: how many by verdict, and some of them. */
export interface UnreadPartitions extends Target {
  readonly counts: Readonly<Record<string, number>>;
  readonly some: readonly UnreadPartition[];
}

/** How many parents status names. */
const shown = 5;

/** Parents that could not be read, by entity, those that have been so longest first. */
export async function unreadPartitions(db: Knex, connectionId?: string): Promise<UnreadPartitions[]> {
  const rows = await query<Target & UnreadPartition & { readonly place: number; readonly count: number }>(
    db,
    /* sql */ `
    select * from (
      select connection_id as "connectionId", entity, partition, verdict, detail, since,
        count(*) over (partition by connection_id, entity, verdict)::int as count,
        row_number() over (partition by connection_id, entity, verdict order by since, partition)::int as place
      from tidemark.unread_partitions where cast(? as text) is null or connection_id = ?) u
    where place <= ${shown} order by "connectionId", entity, verdict, place`,
    [connectionId ?? null, connectionId ?? null],
  );
  const found = new Map<string, { target: Target; counts: Record<string, number>; some: UnreadPartition[] }>();
  for (const { connectionId: of, entity, partition, verdict, detail, since, count } of rows) {
    const key = `${of}/${entity}`;
    const one = found.get(key) ?? { target: { connectionId: of, entity }, counts: {}, some: [] };
    one.counts[verdict] = count;
    if (one.some.length < shown) one.some.push({ partition, verdict, detail, since });
    found.set(key, one);
  }
  return [...found.values()].map(({ target, counts, some }) => ({ ...target, counts, some }));
}

/** The parent of a record's row, where its list could not be read; undefined where it was, or is not known. */
export async function unreadParentOf(
  db: Knex,
  { connectionId, entity: name }: Target,
  entity: ConnectorEntity,
  id: string,
): Promise<UnreadPartition | undefined> {
  if (entity.parents === undefined) return undefined;
  const [found] = await query<UnreadPartition>(
    db,
    `select u.partition, u.verdict, u.detail, u.since from ${tableName(entity)} c
     join tidemark.unread_partitions u on u.connection_id = c.connection_id and u.entity = ? and u.partition = c._partition
     where c.connection_id = ? and c.external_id = ?`,
    [name, connectionId, id],
  );
  return found;
}
