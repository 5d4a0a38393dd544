import type { Knex } from 'knex';
import { type Counts, noCounts } from '../../schema/answer';
import { query } from '../database/query';

/** One activity that works through a batch of records, over all its attempts. */
export interface BatchKey {
  readonly connectionId: string;
  readonly workflowRunId: string;
  readonly activityId: string;
}

/** What the attempts of a batch have committed together. */
export interface BatchSum {
  /** ids of a given list that are done, from its beginning */
  readonly done: number;
  readonly fetches: number;
  readonly counts: Counts;
}

/** Another attempt has done these ids of a list meanwhile: what this one wrote is taken back, and it goes on behind them. */
export class DoneMeanwhile extends Error {}

export async function sumOfBatch(db: Knex, key: BatchKey): Promise<BatchSum> {
  const [sum] = await query<{ done: number; fetches: number; counts: Partial<Counts> }>(
    db,
    `select done, fetches::float8 as fetches, counts from tidemark.batch_counts where workflow_run_id = ? and activity_id = ?`,
    [key.workflowRunId, key.activityId],
  );
  return { done: sum?.done ?? 0, fetches: sum?.fetches ?? 0, counts: { ...noCounts, ...sum?.counts } };
}

/**
 * Adds what was fetched to a batch's counts, in the transaction that writes it. `from`: of a given list, the place of the first of
 * these ids. Throws DoneMeanwhile where that is not the next one.
 */
export async function addToBatch(
  trx: Knex,
  { connectionId, workflowRunId, activityId }: BatchKey,
  {
    done,
    from = null,
    counts,
  }: { readonly done: number; readonly from?: number | null | undefined; readonly counts: Counts },
): Promise<void> {
  const { rowCount } = await trx.raw(
    /* sql */ `
    insert into tidemark.batch_counts as b (connection_id, workflow_run_id, activity_id, done, fetches, counts)
    values (:connectionId, :workflowRunId, :activityId, :done, :done, cast(:counts as jsonb))
    on conflict (workflow_run_id, activity_id) do update set done = b.done + excluded.done, fetches = b.fetches + excluded.fetches,
      at = excluded.at, counts = (
        select jsonb_object_agg(name, cast(value as bigint) + coalesce(cast(b.counts ->> name as bigint), 0))
        from jsonb_each_text(excluded.counts) as n(name, value))
    where cast(:from as int) is null or b.done = :from`,
    { connectionId, workflowRunId, activityId, done, from, counts: JSON.stringify(counts) },
  );
  if (rowCount === 0) throw new DoneMeanwhile(`another attempt has done ids from ${from} on`);
}
