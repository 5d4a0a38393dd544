import type { Knex } from 'knex';
import type { Counts } from '../../schema/answer';
import { queryIds } from '../database/query';
import { countItems, type Plan } from '../plans/plans';
import type { Run } from '../runs/runs';

/** One partition of one listing that a run has read. */
export interface RunPart {
  /** `pull`, `scan`, `second-scan` … */
  readonly step: string;
  readonly partition: string;
  readonly pages: number;
  readonly records: number;
  readonly requests: number;
  readonly counts: Counts | Record<string, never>;
  readonly done: boolean;
  /** since when its source could not be reached, and what it said last */
  readonly failingSince: Date | null;
  readonly failingWith: string | null;
}

export async function partsOfRun(db: Knex, runId: string): Promise<RunPart[]> {
  const { rows } = await db.raw(
    `select step, partition, pages, records, requests, counts, done,
       failing_since as "failingSince", failing_with as "failingWith"
     from tidemark.run_parts where run_id = ? order by step, partition`,
    [runId],
  );
  return rows;
}

/** The plan of a reconciliation, or the one that a run applied; how its items came out. */
export interface RunPlan
  extends Pick<
    Plan,
    'id' | 'status' | 'liveRows' | 'missing' | 'stale' | 'gone' | 'unlisted' | 'deleted' | 'reason' | 'expiresAt'
  > {
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly items: readonly { readonly difference: string; readonly outcome: string; readonly count: number }[];
}

export async function planOfRun(db: Knex, runId: string): Promise<RunPlan | null> {
  const { rows } = await db.raw(
    `select id::text as id, status, live_rows as "liveRows", missing, stale, gone, unlisted, deleted, reason, expires_at as "expiresAt",
       decided_by as "decidedBy", decision_reason as "decisionReason"
     from tidemark.plans where run_id = ? or applied_by = ? order by tidemark.plans.id limit 1`,
    [runId, runId],
  );
  return rows[0] ? { ...rows[0], items: await countItems(db, rows[0].id) } : null;
}

/** Ids that a run soft-deleted, in order, whatever happened to their rows since: from the trace of answers, for as long as it is kept. */
export async function deletedByRun(db: Knex, run: Run, limit: number): Promise<string[]> {
  return queryIds(
    db,
    `select distinct external_id as id from tidemark.answers
     where connection_id = ? and entity = ? and written_by = ? and gone and won and held_gone is false
     order by external_id limit ?`,
    [run.connectionId, run.entity, `run ${run.id}`, limit],
  );
}

/** Records that a run set aside and that still are, by reason. */
export async function setAsideByRun(db: Knex, runId: string): Promise<{ reason: string; open: number }[]> {
  const { rows } = await db.raw(
    `select reason, count(*)::int as open from tidemark.set_aside where run_id = ? and cleared_at is null group by 1 order by 1`,
    [runId],
  );
  return rows;
}
