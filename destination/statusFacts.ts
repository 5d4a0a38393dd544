import type { Knex } from 'knex';
import type { ConnectorEntity } from '../schema/connector';
import type { Target } from '../schema/workflows';
import { tableName } from './rowFormat';
import { type Run, runColumns } from './runs';

/** What is known of an entity of a connection, whatever ran. */
export interface EntityFacts extends Target {
  readonly cursor: Date | null;
  readonly provedAt: Date | null;
  readonly proofDifferences: number | null;
}

/** PostgreSQL's time, and what stands in tidemark.entities, of all connections or one. */
export async function entityFacts(db: Knex, connectionId?: string): Promise<{ now: Date; facts: EntityFacts[] }> {
  const { rows: clock } = await db.raw('select clock_timestamp() as now');
  const { rows } = await db.raw(
    `select connection_id as "connectionId", entity, cursor_at as cursor, proved_at as "provedAt", proof_differences as "proofDifferences"
     from tidemark.entities where cast(:connectionId as text) is null or connection_id = :connectionId`,
    { connectionId: connectionId ?? null },
  );
  return { now: clock[0].now, facts: rows };
}

/** A run with what its parts have committed so far. */
export interface RunSoFar extends Run {
  readonly pagesSoFar: number;
  readonly recordsSoFar: number;
}

/** The last run of each strategy of each entity: its one index lookup each, however many runs there are. */
export async function lastRuns(db: Knex, connectionId?: string): Promise<RunSoFar[]> {
  const { rows } = await db.raw(
    /* sql */ `
    select r.*, p.*
    from tidemark.entities e
    cross join unnest(array['delta', 'reconciliation']) as s(wanted)
    cross join lateral (
      select ${runColumns} from tidemark.runs
      where connection_id = e.connection_id and entity = e.entity and strategy = s.wanted order by tidemark.runs.id desc limit 1) r
    cross join lateral (
      select coalesce(sum(pages), 0) as "pagesSoFar", coalesce(sum(records), 0) as "recordsSoFar"
      from tidemark.run_parts where run_id = r.id::bigint) p
    where cast(:connectionId as text) is null or e.connection_id = :connectionId`,
    { connectionId: connectionId ?? null },
  );
  return rows.map((row: RunSoFar) => ({
    ...row,
    pagesSoFar: Number(row.pagesSoFar),
    recordsSoFar: Number(row.recordsSoFar),
  }));
}

export interface WaitingPlan extends Target {
  readonly id: string;
  readonly gone: number;
  readonly liveRows: number;
  readonly reason: string | null;
  readonly expiresAt: Date;
}

/** Plans above the deletion guard that an operator has to decide about. */
export async function waitingPlans(db: Knex, connectionId?: string): Promise<WaitingPlan[]> {
  const { rows } = await db.raw(
    `select id::text as id, connection_id as "connectionId", entity, gone, live_rows as "liveRows", reason, expires_at as "expiresAt"
     from tidemark.plans
     where status = 'waiting' and expires_at > now() and (cast(:connectionId as text) is null or connection_id = :connectionId)
     order by tidemark.plans.id`,
    { connectionId: connectionId ?? null },
  );
  return rows;
}

export interface RowCounts {
  readonly live: number;
  /** soft-deleted */
  readonly deleted: number;
  readonly disputed: number;
}

/** Rows of an entity's table by connection; undefined when the table has not been made yet. Reads the whole table. */
export async function rowCounts(db: Knex, entity: ConnectorEntity): Promise<Map<string, RowCounts> | undefined> {
  const { rows: found } = await db.raw('select to_regclass(?) is not null as there', [tableName(entity)]);
  if (!found[0].there) return undefined;
  const { rows } = await db.raw(
    /* sql */ `
    select connection_id, count(*) filter (where deleted_at is null) as live,
      count(*) filter (where deleted_at is not null) as deleted, count(*) filter (where _disputed_at is not null) as disputed
    from ${tableName(entity)} group by 1`,
  );
  return new Map(
    rows.map(({ connection_id, live, deleted, disputed }: RowCounts & { connection_id: string }) => [
      connection_id,
      { live: Number(live), deleted: Number(deleted), disputed: Number(disputed) },
    ]),
  );
}
