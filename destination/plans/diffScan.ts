import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { quote } from '../database/identifiers';
import { queryIds } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import { type Horizon, horizonBindings, insideSql } from './horizon';
import { stagingTable } from './staging';

export interface DiffInput {
  readonly runId: string;
  readonly planId: string;
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  /** when the scan's first request was sent; milliseconds in PostgreSQL's time */
  readonly scanStarted: number;
  readonly readLagMs: number;
  /** false when the scan wrote the rows itself (listing `all`): then only rows that it did not list are of interest */
  readonly versions: boolean;
  /** the range that the scan's listing shows; null: it shows everything */
  readonly horizon: Horizon | null;
  /** the entity has partitions: where a row's own is not known, absence says nothing of it, and `one` is asked where there is one */
  readonly partitioned: boolean;
}

export interface Differences {
  readonly missing: number;
  readonly stale: number;
  readonly gone: number;
  readonly unlisted: number;
}

/**
 * The set difference between a complete scan and the table, in SQL, written down as items of the plan:
 * *missing* (listed, no live row), *stale* (another version, or disputed), *gone* (a live row that was not listed and
 * was last received before the scan began, less the read lag), and *unlisted* (a live row that was received later, by
 * whatever flow: absence says nothing of it, so it is exempt from deletion by absence, and only asked for). A row that the source never
 * showed, or that lies outside of what the listing shows, is neither.
 * One full join: an anti-join for each side reads and hashes everything twice.
 */
export async function diffScan(trx: Knex.Transaction, input: DiffInput): Promise<Differences> {
  const started = new Date(input.scanStarted);
  const { rows } = await trx.raw(diffSql(input), {
    planId: input.planId,
    connectionId: input.connectionId,
    entity: input.entity.name,
    started,
    exemptFrom: new Date(input.scanStarted - input.readLagMs),
    ...horizonBindings(input.horizon),
  });
  return rows[0];
}

function diffSql({ entity, runId, versions, horizon, partitioned }: DiffInput): string {
  // a plain text comparison: versions are encoded so that their order is text order
  const differs =
    entity.conflict === 'skip' || entity.listings.ids?.presenceOnly ? 'false' : 'c._version is distinct from s.version';
  // what was left out is fetched again once it has another version; a listing of presence only shows none
  const sameVersion = entity.listings.ids?.presenceOnly ? 'true' : 'a.version is not distinct from s.version';
  // an excluded row holds its record, and is compared like a live one
  const shown =
    entity.exclusions === undefined
      ? 'c.deleted_at is null'
      : `(c.deleted_at is null or c._left_out is not distinct from 'excluded')`;
  const toFetch = /* sql */ `(c.external_id is null or not ${shown} or c._disputed_at is not null
        or (${differs} and not (c._version > s.version and c._received_at >= cast(:started as timestamptz))))
      and not exists (select from tidemark.set_aside a where a.connection_id = :connectionId and a.entity = :entity
        and a.external_id = s.external_id and a.reason = 'skipped' and a.cleared_at is null and ${sameVersion})`;
  const known = partitioned && entity.listings.one ? 'c._partition is not null' : 'true';
  const absent = `c.deleted_at is null and c._origin = 'source' and ${insideSql(entity, horizon)}`;
  const columns = ['external_id', 'deleted_at', '_disputed_at', '_version', '_received_at', '_origin', '_partition'];
  if (entity.exclusions !== undefined) columns.push('_left_out');
  if (horizon !== null) columns.push(quote(horizon.column));
  return /* sql */ `
    with found as (
      insert into tidemark.plan_items (plan_id, external_id, difference, cause)
      select :planId, coalesce(s.external_id, c.external_id),
        case when s.external_id is null then case when c._received_at < cast(:exemptFrom as timestamptz) and ${known} then 'gone' else 'unlisted' end
          when c.external_id is null or not ${shown} then 'missing' else 'stale' end,
        case when s.external_id is not null and c._disputed_at is not null then 'disputed' end
      from ${stagingTable(runId, 'scan')} s
      full join (
        select ${columns.join(', ')} from ${tableName(entity)} where connection_id = :connectionId
      ) c on c.external_id = s.external_id
      where case when s.external_id is null then ${absent} else ${versions ? toFetch : 'false'} end
      on conflict do nothing returning difference)
    select count(*) filter (where difference = 'missing') as missing, count(*) filter (where difference = 'stale') as stale,
      count(*) filter (where difference = 'gone') as gone, count(*) filter (where difference = 'unlisted') as unlisted from found`;
}

/** Closes a plan's *missing* and *stale* that a full listing has shown. Returns how many are left, to be fetched one by one. */
export async function closeListed(trx: Knex.Transaction, planId: string, runId: string): Promise<number> {
  await trx.raw(
    /* sql */ `
    update tidemark.plan_items i set outcome = 'fetched', detail = 'by a full listing'
    where i.plan_id = ? and i.difference in ('missing', 'stale') and i.outcome = 'open'
      and exists (select from ${stagingTable(runId, 'full-listing')} s where s.external_id = i.external_id)`,
    [planId],
  );
  const { rows } = await trx.raw(
    `select count(*)::int as left from tidemark.plan_items where plan_id = ? and difference in ('missing', 'stale') and outcome = 'open'`,
    [planId],
  );
  return rows[0].left;
}

/** Takes from a plan's *gone* those that a second complete scan listed after all. Returns how many. */
export async function keepListed(trx: Knex.Transaction, planId: string, runId: string): Promise<number> {
  const { rowCount } = await trx.raw(
    /* sql */ `
    update tidemark.plan_items i set outcome = 'live', detail = 'the second scan listed it'
    where i.plan_id = ? and i.difference = 'gone' and i.outcome = 'open'
      and exists (select from ${stagingTable(runId, 'second-scan')} s where s.external_id = i.external_id)`,
    [planId],
  );
  return rowCount ?? 0;
}

/** Rows that are live and that no plan of the same scan doubts, since the source listed them: one of them must answer live before anything is deleted. */
export async function knownLiveIds(
  db: Knex,
  input: Pick<DiffInput, 'planId' | 'connectionId' | 'entity'>,
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    /* sql */ `
    select c.external_id as id from ${tableName(input.entity)} c
    where c.connection_id = ? and c.deleted_at is null
      and not exists (select from tidemark.plans p join tidemark.plans o on o.run_id = p.run_id join tidemark.plan_items i on i.plan_id = o.id
        where p.id = ? and i.external_id = c.external_id and i.difference in ('gone', 'unlisted'))
    order by c.external_id limit ?`,
    [input.connectionId, input.planId, limit],
  );
}
