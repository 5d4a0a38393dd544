import type { Knex } from 'knex';
import type { Counts } from '../../schema/answer';
import { type ErrorType, TidemarkError } from '../../schema/errors';
import type { RunStrategy, Target, Trigger } from '../../schema/workflows';
import { query } from '../database/query';
import { cursorSql, moveCursors } from './cursors';
import { ensureEntity } from './entities';

/** How a run ended; `lost` is what a run is called whose workflow Temporal no longer knows. */
export type EndStatus = 'succeeded' | 'waiting' | 'failed' | 'cancelled' | 'terminated' | 'timed-out' | 'lost';

/** Temporal's word for how a workflow ended, as the status of a run. A workflow that completed never left its run open on purpose. */
export const endedAs: Readonly<Record<string, EndStatus>> = {
  COMPLETED: 'lost',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  CONTINUED_AS_NEW: 'lost',
  TIMED_OUT: 'timed-out',
};

export type RunStatus = 'running' | EndStatus;

export interface Run extends Target {
  readonly id: string;
  readonly strategy: RunStrategy;
  readonly trigger: Trigger;
  readonly status: RunStatus;
  readonly dryRun: boolean;
  readonly full: boolean;
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly leaseUntil: Date;
  readonly leaseExpired: boolean;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly cursorBefore: Date | null;
  readonly cursorAfter: Date | null;
  readonly counts: Counts | Record<string, never>;
  readonly pages: number;
  readonly requests: number;
  readonly errorType: string | null;
  readonly error: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** of a run that waits because its source, or the request budget, said so: until when, and which response said it */
  readonly waitingUntil: Date | null;
  readonly waitingReason: string | null;
}

export const runColumns = /* sql */ `
  id::text as id, connection_id as "connectionId", entity, strategy, trigger, status, dry_run as "dryRun", full_listing as "full",
  workflow_id as "workflowId", workflow_run_id as "workflowRunId", lease_until as "leaseUntil",
  lease_until < clock_timestamp() as "leaseExpired", started_at as "startedAt", ended_at as "endedAt",
  cursor_before as "cursorBefore", cursor_after as "cursorAfter", counts, pages, requests, error_type as "errorType", error, details,
  case when status = 'running' and waiting_until > clock_timestamp() then waiting_until end as "waitingUntil",
  case when status = 'running' and waiting_until > clock_timestamp() then waiting_reason end as "waitingReason"`;

export interface Claim extends Target {
  readonly strategy: RunStrategy;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  readonly full: boolean;
  /** reads everything, too, where there is no cursor yet */
  readonly fullWithoutCursor?: boolean;
  readonly workflowId: string;
  readonly workflowRunId: string;
}

/** Until when a run counts as alive without a sign of life. */
export const leaseMs = 60_000;

/**
 * Claims the one place of a running run of this connection, entity and strategy: a unique index holds it. The same
 * workflow gets its own claim back. Where another run holds it, that run is returned as `holder`: the caller asks
 * Temporal about it when its lease has expired. A workflow claims once, which another index holds: its run that has
 * ended is returned as `ended`, so that a late attempt leaves no run behind without a worker.
 */
export async function claimRun(db: Knex, claim: Claim): Promise<{ run: Run } | { holder: Run } | { ended: Run }> {
  const { connectionId, entity, strategy } = claim;
  for (;;) {
    const { rows } = await db.raw(
      /* sql */ `
      insert into tidemark.runs (connection_id, entity, strategy, trigger, dry_run, full_listing, workflow_id, workflow_run_id, lease_until, cursor_before)
      select e.connection_id, e.entity, ?, ?, ?, ? or (? and c.at is null), ?, ?, clock_timestamp() + ? * interval '1 millisecond', c.at
      from tidemark.entities e cross join lateral (select ${cursorSql('e')} as at) c where e.connection_id = ? and e.entity = ?
      on conflict do nothing
      returning ${runColumns}`,
      [
        strategy,
        claim.trigger,
        claim.dryRun,
        claim.full,
        claim.fullWithoutCursor ?? false,
        claim.workflowId,
        claim.workflowRunId,
        leaseMs,
        connectionId,
        entity,
      ],
    );
    if (rows[0]) return { run: rows[0] };
    const own = await runOfWorkflow(db, claim);
    if (own) return own.status === 'running' ? { run: own } : { ended: own };
    const holder = await runningRun(db, claim, strategy);
    if (holder) return { holder };
    // none: it ended between the two statements, so the place is free; or the entity has never run
    await ensureEntity(db, claim);
  }
}

async function runOfWorkflow(
  db: Knex,
  { connectionId, entity, strategy, workflowRunId }: Claim,
): Promise<Run | undefined> {
  const { rows } = await db.raw(
    `select ${runColumns} from tidemark.runs where workflow_run_id = ? and connection_id = ? and entity = ? and strategy = ?`,
    [workflowRunId, connectionId, entity, strategy],
  );
  return rows[0];
}

/** The run that is running, if any. */
export async function runningRun(
  db: Knex,
  { connectionId, entity }: Target,
  strategy: RunStrategy,
): Promise<Run | undefined> {
  const { rows } = await db.raw(
    `select ${runColumns} from tidemark.runs where connection_id = ? and entity = ? and strategy = ? and status = 'running'`,
    [connectionId, entity, strategy],
  );
  return rows[0];
}

export async function getRun(db: Knex, id: string): Promise<Run> {
  const { rows } = /^\d{1,18}$/.test(id)
    ? await db.raw(`select ${runColumns} from tidemark.runs where id = ?`, [id])
    : { rows: [] };
  if (!rows[0]) throw new TidemarkError('NotFound', `There is no run ${id}: \`tidemark runs\` lists them`);
  return rows[0];
}

export interface RunFilter {
  readonly connectionId?: string | undefined;
  readonly entity?: string | undefined;
  readonly limit?: number;
}

/** Runs, newest first. */
export async function listRuns(db: Knex, { connectionId, entity, limit = 20 }: RunFilter): Promise<Run[]> {
  return query<Run>(
    db,
    `select ${runColumns} from tidemark.runs
     where (?::text is null or connection_id = ?) and (?::text is null or entity = ?) order by tidemark.runs.id desc limit ?`,
    [connectionId ?? null, connectionId ?? null, entity ?? null, entity ?? null, limit],
  );
}

/** Runs that say "running" although their lease has expired: what Temporal says of them decides. */
export async function runsWithoutLease(db: Knex): Promise<Run[]> {
  return query<Run>(
    db,
    `select ${runColumns} from tidemark.runs where status = 'running' and lease_until < clock_timestamp() order by tidemark.runs.id limit 1000`,
  );
}

/** Keeps a run's place for so much longer, for instance while it is parked because the source said wait. */
export async function extendLease(db: Knex, runId: string, milliseconds: number): Promise<void> {
  await db.raw(
    `update tidemark.runs set lease_until = greatest(lease_until, clock_timestamp() + ? * interval '1 millisecond') where id = ? and status = 'running'`,
    [milliseconds, runId],
  );
}

export interface RunEnd {
  readonly status: EndStatus;
  /** nothing else is written into `runs.error_type` */
  readonly errorType?: ErrorType;
  readonly error?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /**
   * Moves the cursors of the partitions that the run has pulled, see `moveCursors`: to the first request of each less this many
   * milliseconds, by the listing that was read; `tokens`: to the tokens that the source gave.
   */
  readonly cursorLead?: { readonly all: number; readonly changes: number; readonly tokens: boolean };
}

/**
 * Records how a run ended, sums up its parts and moves the cursor, in one statement. A run that has ended already
 * stays as it is: ending it twice is ending it once.
 */
export async function endRun(db: Knex, runId: string, end: RunEnd): Promise<Run> {
  const { rows } = await db.raw(endSql, {
    runId,
    status: end.status,
    errorType: end.errorType ?? null,
    error: end.error ?? null,
    details: JSON.stringify(end.details ?? {}),
    moves: end.cursorLead !== undefined,
    tokens: end.cursorLead?.tokens ?? false,
    leadOfAll: end.cursorLead?.all ?? 0,
    leadOfChanges: end.cursorLead?.changes ?? 0,
  });
  return rows[0] ?? getRun(db, runId);
}

const endSql = /* sql */ `
with open as materialized (
  select r.id as open_id, r.connection_id as of_connection, r.entity as of_entity
  from tidemark.runs r where r.id = :runId and r.status = 'running' for update
), ${moveCursors}, done as (
  select coalesce(sum(p.pages), 0) as all_pages, coalesce(sum(p.requests), 0) as all_requests,
    coalesce((
      select jsonb_object_agg(name, total) from (
        select name, sum(value::bigint) as total from tidemark.run_parts q, jsonb_each_text(q.counts) as c(name, value)
        where q.run_id = :runId group by name) summed), '{}') as all_counts
  from tidemark.run_parts p where p.run_id = :runId
)
update tidemark.runs r set status = :status, ended_at = clock_timestamp(), error_type = :errorType, error = :error,
  details = r.details || cast(:details as jsonb), pages = all_pages, requests = all_requests, counts = r.counts || all_counts,
  cursor_after = (select moved_to from moved)
from open, done where r.id = open_id
returning ${runColumns}`;
