import type { Knex } from 'knex';
import type { ConnectorEntity } from '../schema/connector';
import { tableName } from './rowFormat';
import { stagingTable } from './staging';
import { isStorable } from './storableText';

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
 * whatever flow: absence says nothing of it, so it is exempt from deletion by absence, and only asked for).
 */
export async function diffScan(trx: Knex.Transaction, input: DiffInput): Promise<Differences> {
  const table = tableName(input.entity);
  const scan = stagingTable(input.runId, 'scan');
  const started = new Date(input.scanStarted);
  // a plain text comparison: versions are encoded so that their order is text order
  const differs = input.entity.conflict === 'skip' ? 'false' : 'c._version is distinct from s.version';
  const fetches = input.versions
    ? await trx.raw(
        /* sql */ `
      with found as (
        insert into tidemark.plan_items (plan_id, external_id, difference, cause)
        select ?, s.external_id, case when c.external_id is null or c.deleted_at is not null then 'missing' else 'stale' end,
          case when c._disputed_at is not null then 'disputed' end
        from ${scan} s left join ${table} c on c.connection_id = ? and c.external_id = s.external_id
        where (c.external_id is null or c.deleted_at is not null or c._disputed_at is not null
            or (${differs} and not (c._version > s.version and c._received_at >= ?)))
          and not exists (select from tidemark.set_aside a where a.connection_id = ? and a.entity = ? and a.external_id = s.external_id
            and a.reason = 'skipped' and a.cleared_at is null)
        on conflict do nothing returning difference)
      select count(*) filter (where difference = 'missing') as missing, count(*) filter (where difference = 'stale') as stale from found`,
        [input.planId, input.connectionId, started, input.connectionId, input.entity.name],
      )
    : { rows: [{ missing: 0, stale: 0 }] };
  const absent = await trx.raw(
    /* sql */ `
    with found as (
      insert into tidemark.plan_items (plan_id, external_id, difference)
      select ?, c.external_id, case when c._received_at < ?::timestamptz then 'gone' else 'unlisted' end from ${table} c
      where c.connection_id = ? and c.deleted_at is null
        and not exists (select from ${scan} s where s.external_id = c.external_id)
      on conflict do nothing returning difference)
    select count(*) filter (where difference = 'gone') as gone, count(*) filter (where difference = 'unlisted') as unlisted from found`,
    [input.planId, new Date(input.scanStarted - input.readLagMs), input.connectionId],
  );
  return { missing: fetches.rows[0].missing, stale: fetches.rows[0].stale, ...absent.rows[0] };
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

/** Rows that are live and that the plan does not doubt, since the source listed them: one of them must answer live before anything is deleted. */
export async function knownLiveIds(
  db: Knex,
  input: Pick<DiffInput, 'planId' | 'connectionId' | 'entity'>,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.raw(
    /* sql */ `
    select c.external_id from ${tableName(input.entity)} c
    where c.connection_id = ? and c.deleted_at is null
      and not exists (select from tidemark.plan_items i where i.plan_id = ? and i.external_id = c.external_id and i.difference in ('gone', 'unlisted'))
    limit ?`,
    [input.connectionId, input.planId, limit],
  );
  return rows.map(({ external_id }: { external_id: string }) => external_id);
}

/** Any live row that is none of these; undefined when there is none. */
export async function otherLiveId(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<string | undefined> {
  const { rows } = await db.raw(
    `select external_id from ${tableName(entity)}
     where connection_id = ? and deleted_at is null and external_id <> all(?::text[]) limit 1`,
    [connectionId, ids.filter(isStorable)],
  );
  return rows[0]?.external_id;
}

/** How many rows of a connection's entity are live. */
export async function countLive(db: Knex, connectionId: string, entity: ConnectorEntity): Promise<number> {
  const { rows } = await db.raw(
    `select count(*) as live from ${tableName(entity)} where connection_id = ? and deleted_at is null`,
    [connectionId],
  );
  return rows[0].live;
}
