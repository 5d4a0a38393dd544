import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { tableName } from '../rows/format/rowFormat';

/** What one writer has written last, and the longest stretch of neighbouring ids among it. */
export interface Walk {
  /** `run 17`, `webhook` …; null: not the engine */
  readonly writtenBy: string | null;
  /** null: it is no run, or its record has been pruned */
  readonly run: WalkingRun | null;
  /** rows whose last change it was */
  readonly rows: number;
  /** rows of its longest stretch of ids with no other row between them */
  readonly neighbours: number;
  /** of those, the ones that it wrote for the first time */
  readonly created: number;
  readonly firstId: string;
  readonly lastId: string;
}

interface WalkingRun {
  readonly id: string;
  readonly strategy: string;
  /** it was to read more than what had changed: a first sync, `sync --full`, a reconciliation, a backfill, a remap */
  readonly readsMore: boolean;
  readonly startedAt: Date;
}

/**
 * For each writer since an instant: how many rows it changed last, and the longest stretch of them without a row of another writer between, in the
 * order of the ids (shorter ones first, as numbers are). Those with the longest stretches first. The table must exist.
 */
export async function walksSince(
  db: Knex,
  { entity, connectionId }: { readonly entity: ConnectorEntity; readonly connectionId: string },
  since: Date,
  limit: number,
): Promise<Walk[]> {
  const { rows } = await db.raw(walksSql(tableName(entity)), { connectionId, since, limit });
  return rows.map(({ runId, strategy, startedAt, readsMore, ...walk }: Found) => ({
    ...walk,
    run: runId === null ? null : { id: runId, strategy, startedAt, readsMore },
  }));
}

interface Found extends Omit<Walk, 'run'>, Omit<WalkingRun, 'id'> {
  readonly runId: string | null;
}

const walksSql = (table: string) => /* sql */ `
with ordered as materialized (
  select external_id, _written_by, synced_at >= :since as recent, first_written_at = synced_at as is_new,
    row_number() over (order by length(external_id), external_id) as place
  from ${table} where connection_id = :connectionId
), stretches as (
  select _written_by, count(*) as neighbours, count(*) filter (where is_new) as created, min(place) as first, max(place) as last
  from (
    select _written_by, is_new, place, place - row_number() over (partition by _written_by order by place) as island
    from ordered where recent) as t
  group by _written_by, island
), longest as (
  select distinct on (_written_by) *, sum(neighbours) over (partition by _written_by) as rows
  from stretches order by _written_by, neighbours desc, first
)
select l._written_by as "writtenBy", l.rows::int as rows, l.neighbours::int as neighbours, l.created::int as created,
  f.external_id as "firstId", t.external_id as "lastId",
  r.id::text as "runId", r.strategy, r.started_at as "startedAt", r.full_listing or r.strategy <> 'delta' as "readsMore"
from longest l
join ordered f on f.place = l.first
join ordered t on t.place = l.last
left join tidemark.runs r on r.id = cast(substring(l._written_by from '^run ([0-9]{1,18})$') as bigint)
order by l.neighbours desc, l._written_by
limit :limit`;
