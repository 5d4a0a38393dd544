import type { Knex } from 'knex';
import type { Retention } from '../../schema/definition/retention';
import { parseDuration } from '../../schema/duration';
import { inTransaction } from '../database/database';
import { destinationError } from '../database/destinationError';
import { codeOf } from '../database/errorCode';
import { quote } from '../database/identifiers';

export interface Pruned {
  readonly inbox: number;
  readonly setAside: number;
  readonly answers: number;
  readonly plans: number;
  /** plans that no operator decided in time; they stay, as expired, for as long as others */
  readonly expiredPlans: number;
  readonly runs: number;
  /** ids of records that were erased */
  readonly forgotten: number;
  /** staging tables of scans that are over */
  readonly stagingTables: number;
}

export interface PruneOptions {
  /** rows a statement, so that none holds locks for long; default 1,000 */
  readonly batch?: number;
  /** stops between two batches */
  readonly signal?: AbortSignal;
}

/**
 * Removes what is older than `settings` allow, in bounded batches, each a transaction of its own; may run beside anything,
 * itself too. Returns how many rows and tables went.
 */
export async function prune(db: Knex, settings: Retention, options: PruneOptions = {}): Promise<Pruned> {
  const batch = options.batch ?? 1_000;
  const repeat = async (sql: string, age: string): Promise<number> => {
    for (let removed = 0; ; ) {
      options.signal?.throwIfAborted();
      const { rowCount } = await db.raw(sql, { age: milliseconds(age), batch });
      removed += rowCount ?? 0;
      if ((rowCount ?? 0) < batch) return removed;
    }
  };
  try {
    const inbox = await pruneInbox(db, settings, batch, options.signal);
    const setAside = await repeat(setAsideSql, settings.setAside);
    const answers = await repeat(answersSql, settings.answers);
    const { rowCount: expiredPlans } = await db.raw(expirePlansSql);
    // their items first: a plan may have a million, which would go with it in one statement
    await repeat(planItemsSql, settings.plans);
    const plans = await repeat(plansSql, settings.plans);
    const runs = await repeat(runsSql, settings.runs);
    await repeat(touchesSql, settings.runs);
    await repeat(reportJobsSql, settings.runs);
    await repeat(shownRecordsSql, '10m');
    await pruneImports(repeat);
    const forgotten = await repeat(forgottenSql, settings.forgotten);
    await repeat(batchCountsSql, keptBatchCounts);
    options.signal?.throwIfAborted();
    return {
      inbox,
      setAside,
      answers,
      plans,
      expiredPlans: expiredPlans ?? 0,
      runs,
      forgotten,
      stagingTables: await pruneStaging(db),
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw destinationError(error);
  }
}

/** What is kept of imports: a file whose run failed, or that no run has, for a day; what undoes an import, and its bad lines, for 7 days. */
async function pruneImports(repeat: (sql: string, age: string) => Promise<number>): Promise<void> {
  await repeat(importChunksSql, '1d');
  await repeat(importChangesSql, '7d');
  await repeat(importErrorsSql, '7d');
  // after their changes, so that none of them goes with a million
  await repeat(importsSql, '8d');
}

const importsOlder = /* sql */ `
select i.id from tidemark.imports i left join tidemark.runs r on r.id = i.run_id
where coalesce(i.ended_at, r.ended_at, i.created_at) < now() - cast(:age as interval) and r.status is distinct from 'running'`;

const importChunksSql = /* sql */ `
delete from tidemark.import_chunks where (import_id, number) in (
  select c.import_id, c.number from tidemark.import_chunks c where c.import_id in (${importsOlder}) limit :batch)`;

const importChangesSql = /* sql */ `
delete from tidemark.import_changes where (import_id, external_id) in (
  select c.import_id, c.external_id from tidemark.import_changes c where c.import_id in (${importsOlder}) limit :batch)`;

const importErrorsSql = /* sql */ `
delete from tidemark.import_errors where (import_id, line) in (
  select e.import_id, e.line from tidemark.import_errors e where e.import_id in (${importsOlder}) limit :batch)`;

const importsSql = /* sql */ `
delete from tidemark.imports where id in (${importsOlder} limit :batch)`;

function milliseconds(age: string): string {
  return `${parseDuration(age)} milliseconds`;
}

/**
 * Walks up the primary key, whose order is nearly that of reception, to the first batch that was all received recently: that
 * spares an index on done_at, which each finished event would have to pay for.
 */
async function pruneInbox(
  db: Knex,
  settings: Retention,
  batch: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0;
  let after = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { rows } = await db.raw(inboxSql, {
      after,
      batch,
      age: milliseconds(settings.inbox),
      parkedAge: milliseconds(settings.parked),
    });
    const step: { removed: number; last: number | null; further: boolean } = rows[0];
    removed += step.removed;
    if (!step.further || step.last === null) return removed;
    after = step.last;
  }
}

const inboxSql = /* sql */ `
with looked_at as materialized (
  select id, received_at,
    done_at < now() - cast(case when outcome = 'parked' then :parkedAge else :age end as interval) as old
  from tidemark.inbox where id > :after order by id limit :batch
), removed as (
  delete from tidemark.inbox where id in (select id from looked_at where old) and done_at is not null returning 1
)
select (select count(*)::int from removed) as removed, max(id) as last,
  count(*) = cast(:batch as int) and min(received_at) < now() - least(cast(:age as interval), cast(:parkedAge as interval)) as further
from looked_at`;

const setAsideSql = /* sql */ `
delete from tidemark.set_aside where id in (
  select id from tidemark.set_aside where cleared_at < now() - cast(:age as interval) limit :batch)`;

/** An activity lasts a day at most. */
const keptBatchCounts = '2d';

const batchCountsSql = /* sql */ `
delete from tidemark.batch_counts where ctid = any(array(
  select ctid from tidemark.batch_counts where at < now() - cast(:age as interval) limit :batch))`;

/** The oldest come first in the primary key, so a batch without any that is old enough is the last. */
const answersSql = /* sql */ `
delete from tidemark.answers where at < now() - cast(:age as interval) and id in (
  select id from tidemark.answers order by id limit :batch)`;

const touchesSql = /* sql */ `
delete from tidemark.touches where id in (
  select id from tidemark.touches where requested_at < now() - cast(:age as interval) order by id limit :batch)`;

/** One that is open is what keeps another from being started, so it stays for longer than any source keeps a job. */
const reportJobsSql = /* sql */ `
delete from tidemark.report_jobs where id in (
  select j.id from tidemark.report_jobs j
  where coalesce(j.ended_at + cast(:age as interval), j.created_at + greatest(cast(:age as interval), interval '90 days')) < now()
    and not exists (select from tidemark.runs r where r.id = j.run_id and r.status = 'running')
  order by j.id limit :batch)`;

/** Those that their operators did not wait for. */
const shownRecordsSql = /* sql */ `
delete from tidemark.shown_records where ctid = any(array(
  select ctid from tidemark.shown_records where created_at < now() - cast(:age as interval) limit :batch))`;

const forgottenSql = /* sql */ `
delete from tidemark.forgotten where ctid = any(array(
  select ctid from tidemark.forgotten where at < now() - cast(:age as interval) limit :batch))`;

const expirePlansSql = /* sql */ `
update tidemark.plans set status = 'expired', decided_at = now() where status = 'waiting' and expires_at < now()`;

const oldPlans = /* sql */ `
select p.id from tidemark.plans p
where p.created_at < now() - cast(:age as interval) and p.status not in ('waiting', 'approved')
  and not exists (select from tidemark.runs r where r.id = p.run_id and r.status = 'running')`;

const planItemsSql = /* sql */ `
delete from tidemark.plan_items where (plan_id, external_id) in (
  select i.plan_id, i.external_id from tidemark.plan_items i where i.plan_id in (${oldPlans}) limit :batch)`;

const plansSql = /* sql */ `
delete from tidemark.plans where id in (${oldPlans} limit :batch)`;

/** Each strategy keeps its last run, and its last good one: \`status\` shows them however long ago they were. */
const runsSql = /* sql */ `
delete from tidemark.runs where id in (
  select r.id from tidemark.runs r
  where r.ended_at < now() - cast(:age as interval) and r.status <> 'running'
    and not exists (select from tidemark.plans p where p.run_id = r.id)
    and exists (select from tidemark.runs l where l.connection_id = r.connection_id and l.entity = r.entity
      and l.strategy = r.strategy and l.id > r.id)
    and (r.status <> 'succeeded' or exists (select from tidemark.runs l where l.connection_id = r.connection_id
      and l.entity = r.entity and l.strategy = r.strategy and l.id > r.id and l.status = 'succeeded'))
  limit :batch)`;

/** Drops the staging tables (\`scan_<run>_<step>\`) of runs that are not running. One that is still used waits for the next time. */
async function pruneStaging(db: Knex): Promise<number> {
  const { rows } = await db.raw(`
    select c.relname as name
    from pg_class c
    where c.relnamespace = 'tidemark'::regnamespace and c.relkind = 'r' and c.relname ~ '^scan_[0-9]+_'
      and not exists (select from tidemark.runs r
        where r.id = cast(substring(c.relname from '^scan_([0-9]+)_') as bigint) and r.status = 'running')`);
  let dropped = 0;
  for (const { name } of rows) {
    try {
      await inTransaction(db, (tx) => tx.raw(`drop table if exists ${quote('tidemark', name)}`), {
        lockTimeoutMs: 2_000,
      });
      dropped++;
    } catch (error) {
      if (codeOf(error) !== '55P03') throw error;
    }
  }
  return dropped;
}
