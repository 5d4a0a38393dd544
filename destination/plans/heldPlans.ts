import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { DeletionGuard } from '../../schema/definition/schedule';
import { query, queryIds } from '../database/query';
import { tableName } from '../rows/format/rowFormat';
import { isPartitioned, type Listed } from './coverage';
import { expiry, type NewPlan, type PlanStatus, whyWait } from './plans';

/** From this many live rows on, the deletion guard looks at a partition by itself. */
const guardedFrom = 10;
/** More partitions than this are held in one plan, so that an operator has something to decide and not to page through. */
const plansAtMost = 20;

/** Rows of one partition that a scan did not list, and why nothing follows from it without an operator. */
interface Held {
  readonly partition: string | null;
  readonly rows: number;
  readonly reason: string;
  /** an operator has rejected the same before: the rows stay, and are not proposed again */
  readonly rejected: boolean;
}

export interface HoldInput extends NewPlan {
  readonly planId: string;
  readonly of: ConnectorEntity;
  readonly guard: DeletionGuard;
  readonly listed: Listed;
  readonly live: ReadonlyMap<string | null, number>;
  /** parents whose list was not read: their rows stay, without a plan */
  readonly unread: ReadonlySet<string>;
  /** parents that the source confirmed gone */
  readonly ended: ReadonlySet<string>;
  /** of the plans that are drawn: `waiting`, or `dry` */
  readonly status: Extract<PlanStatus, 'waiting' | 'dry'>;
}

export interface HeldPlans {
  readonly planIds: readonly string[];
  /** rows that stay as they are, by partition */
  readonly rows: ReadonlyMap<string | null, number>;
  /** candidates of parents that were not read, which are in no plan */
  readonly unread: number;
}

export const noneHeld: HeldPlans = { planIds: [], rows: new Map(), unread: 0 };

/**
 * Takes out of a plan what a scan is no evidence for, partition by partition, into plans that wait by themselves: partitions that list
 * nothing while they have live rows, that are no longer listed, or that would lose more than the deletion guard allows.
 */
export async function holdPartitions(trx: Knex.Transaction, input: HoldInput): Promise<HeldPlans> {
  if (!isPartitioned(input.listed.keys())) return noneHeld;
  const absent = await absentByPartition(trx, input);
  if (absent.size === 0) return noneHeld;
  const deleted = await deletedByPartition(trx, input);
  const held: Held[] = [];
  let unread = 0;
  for (const [partition, rows] of absent) {
    if (partition !== null && input.unread.has(partition)) {
      await moveItems(trx, input, partition, null);
      unread += rows;
      continue;
    }
    const reason = whyHeld(input, partition, rows, deleted.get(partition) ?? 0);
    if (reason === null) continue;
    const left = partition !== null && !input.listed.has(partition);
    held.push({ partition, rows, reason, rejected: left && (await wasRejected(trx, input, partition, rows)) });
  }
  if (held.length === 0) return { ...noneHeld, unread };
  for (const { partition } of held.filter(({ rejected }) => rejected)) await moveItems(trx, input, partition, null);
  const proposed = held.filter(({ rejected }) => !rejected);
  return {
    planIds:
      proposed.length > plansAtMost ? [await holdTogether(trx, input, proposed)] : await holdEach(trx, input, proposed),
    // what is not even a candidate, since it was received too recently, stays as well
    unread,
    rows: new Map(held.map(({ partition, rows }) => [partition, input.live.get(partition) ?? rows])),
  };
}

function whyHeld(
  { of, guard, listed, live, liveRows: all, ended }: HoldInput,
  partition: string | null,
  rows: number,
  before: number,
): string | null {
  const liveRows = live.get(partition) ?? rows;
  if (partition === null) {
    // `one` can say of each that it is gone
    if (of.listings.one) return null;
    return `${rows} rows were not listed, and it is not known in which partition they were: none of these that are read now`;
  }
  const staged = listed.get(partition);
  if (staged === undefined && ended.has(partition)) {
    const above = whyWait(guard, { liveRows: all, gone: rows, deletedLately: 0, scanned: 1 });
    return above === null ? null : `its parent ${partition} is gone: ${above}`;
  }
  if (staged === undefined)
    return `partition ${partition} is no longer listed: its ${liveRows} rows stay until an operator decides`;
  // each row of a parent without children any more is confirmed by itself
  const confirmed = of.parents !== undefined && of.listings.one !== undefined && liveRows < guardedFrom;
  if (staged === 0 && !confirmed) {
    return `partition ${partition} lists nothing, while ${liveRows} of its rows are live: an empty list is no evidence of deletion`;
  }
  if (liveRows < guardedFrom) return null;
  const reason = whyWait(guard, { liveRows, gone: rows, deletedLately: before, scanned: staged });
  return reason === null ? null : `partition ${partition}: ${reason}`;
}

async function holdEach(trx: Knex.Transaction, input: HoldInput, held: readonly Held[]): Promise<string[]> {
  const planIds: string[] = [];
  for (const { partition, reason } of held) {
    const planId = await createHeld(trx, input, partition, reason, input.live.get(partition) ?? 0);
    await moveItems(trx, input, partition, planId);
    await countHeld(trx, planId);
    planIds.push(planId);
  }
  return planIds;
}

async function holdTogether(trx: Knex.Transaction, input: HoldInput, held: readonly Held[]): Promise<string> {
  const rows = held.reduce((sum, one) => sum + one.rows, 0);
  const liveRows = held.reduce((sum, { partition }) => sum + (input.live.get(partition) ?? 0), 0);
  const reason = `${rows} rows of ${held.length} partitions, such as: ${held
    .slice(0, 3)
    .map((one) => one.reason)
    .join('; ')}`;
  const planId = await createHeld(trx, input, null, reason, liveRows);
  for (const { partition } of held) await moveItems(trx, input, partition, planId);
  await countHeld(trx, planId);
  return planId;
}

/** A plan's candidates by the partition of their rows; null: not known. */
async function absentByPartition(trx: Knex.Transaction, { planId, connectionId, of }: HoldInput) {
  const rows = await query<{ partition: string | null; count: number }>(
    trx,
    /* sql */ `
    select c._partition as partition, count(*) as count
    from tidemark.plan_items i join ${tableName(of)} c on c.connection_id = ? and c.external_id = i.external_id
    where i.plan_id = ? and i.difference in ('gone', 'unlisted') group by 1 order by 1`,
    [connectionId, planId],
  );
  return new Map(rows.map(({ partition, count }) => [partition, count]));
}

/** Like `deletedLately`, by partition. */
async function deletedByPartition(trx: Knex.Transaction, { connectionId, entity, of }: HoldInput) {
  const rows = await query<{ partition: string | null; count: number }>(
    trx,
    /* sql */ `
    select c._partition as partition, count(*) as count
    from tidemark.plans p join tidemark.plan_items i on i.plan_id = p.id and i.outcome = 'deleted'
    join ${tableName(of)} c on c.connection_id = p.connection_id and c.external_id = i.external_id
    where p.connection_id = ? and p.entity = ? and p.status <> 'undone' and p.created_at > now() - interval '24 hours' group by 1`,
    [connectionId, entity],
  );
  return new Map(rows.map(({ partition, count }) => [partition, count]));
}

async function wasRejected(
  trx: Knex.Transaction,
  { connectionId, entity }: HoldInput,
  partition: string,
  rows: number,
): Promise<boolean> {
  const found = await queryIds(
    trx,
    /* sql */ `
    select id::text as id from tidemark.plans
    where connection_id = ? and entity = ? and partition = ? and status = 'rejected' and gone + unlisted >= ? limit 1`,
    [connectionId, entity, partition, rows],
  );
  return found.length > 0;
}

async function createHeld(
  trx: Knex.Transaction,
  { runId, connectionId, entity, scanStarted, status }: HoldInput,
  partition: string | null,
  reason: string,
  liveRows: number,
): Promise<string> {
  const [id] = await queryIds(
    trx,
    /* sql */ `
    insert into tidemark.plans (run_id, connection_id, entity, partition, status, scan_started, live_rows, missing, stale, gone, unlisted, reason, expires_at)
    values (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, now() + ?::interval) returning id::text as id`,
    [runId, connectionId, entity, partition, status, new Date(scanStarted), liveRows, reason, expiry],
  );
  return id ?? '';
}

/** Moves a partition's candidates to another plan, or out of any. */
async function moveItems(
  trx: Knex.Transaction,
  { planId, connectionId, of }: HoldInput,
  partition: string | null,
  to: string | null,
): Promise<void> {
  const which = /* sql */ `from ${tableName(of)} c
    where i.plan_id = ? and i.difference in ('gone', 'unlisted')
      and c.connection_id = ? and c.external_id = i.external_id and c._partition is not distinct from ?`;
  if (to === null) {
    await trx.raw(`delete from tidemark.plan_items i using ${which.slice('from '.length)}`, [
      planId,
      connectionId,
      partition,
    ]);
    return;
  }
  await trx.raw(`update tidemark.plan_items i set plan_id = ? ${which}`, [to, planId, connectionId, partition]);
}

async function countHeld(trx: Knex.Transaction, planId: string): Promise<void> {
  await trx.raw(
    /* sql */ `
    update tidemark.plans p set gone = n.gone, unlisted = n.unlisted
    from (select count(*) filter (where difference = 'gone') as gone, count(*) filter (where difference = 'unlisted') as unlisted
      from tidemark.plan_items where plan_id = ?) n
    where p.id = ?`,
    [planId, planId],
  );
}

/** What is left in a plan once partitions are held: its candidates. */
export async function countCandidates(
  trx: Knex.Transaction,
  planId: string,
): Promise<{ gone: number; unlisted: number }> {
  const [found] = await query<{ gone: number; unlisted: number }>(
    trx,
    /* sql */ `
    select count(*) filter (where difference = 'gone') as gone, count(*) filter (where difference = 'unlisted') as unlisted
    from tidemark.plan_items where plan_id = ?`,
    [planId],
  );
  return found ?? { gone: 0, unlisted: 0 };
}

/**
 * Exempts a plan's candidates whose partition the second scan listed nothing of: like an empty first scan, that is no evidence.
 * Returns how many.
 */
export async function exemptSilent(
  trx: Knex.Transaction,
  planId: string,
  {
    connectionId,
    entity,
    silent,
  }: { readonly connectionId: string; readonly entity: ConnectorEntity; readonly silent: readonly string[] },
): Promise<number> {
  if (silent.length === 0) return 0;
  const { rowCount } = await trx.raw(
    /* sql */ `
    update tidemark.plan_items i set outcome = 'exempt', detail = 'the second scan listed nothing of its partition'
    from ${tableName(entity)} c
    where i.plan_id = ? and i.difference = 'gone' and i.outcome = 'open'
      and c.connection_id = ? and c.external_id = i.external_id and coalesce(c._partition, '') = any(?)`,
    [planId, connectionId, [...silent]],
  );
  return rowCount ?? 0;
}
