import type { Knex } from 'knex';
import { type Counts, noCounts } from '../../schema/answer';
import type { ResumePoint } from '../../schema/definition/listing';
import { TidemarkError } from '../../schema/errors';
import { leaseMs } from './runs';

/** One partition of one listing of a run, and the attempt that works on it. */
export interface PartKey {
  readonly runId: string;
  /** `pull`, `scan`, `second-scan`, `confirm`, `fetch` */
  readonly step: string;
  readonly partition: string;
  /** higher for each attempt; see `fenceOf` in activities */
  readonly fence: number;
}

export interface Part {
  readonly resumePoint: ResumePoint | null;
  readonly firstSent: number | null;
  readonly firstSentSource: number | null;
  readonly pages: number;
  readonly records: number;
  readonly staged: number;
  readonly counts: Counts | Record<string, never>;
  readonly done: boolean;
}

const partColumns = /* sql */ `resume_point as "resumePoint", first_sent as "firstSent", first_sent_source as "firstSentSource",
  pages, records, staged, counts, done`;

function lost({ runId, step, partition }: PartKey): TidemarkError {
  const part = partition === '' ? step : `${step} of ${partition}`;
  return new TidemarkError(
    'FenceLost',
    `Run ${runId}, ${part}: another attempt has taken over, or the run has ended; this one stops`,
  );
}

/**
 * Takes a part over: from now on only this attempt's fence writes. Returns how far it has come.
 * Throws FenceLost when a later attempt was here before.
 */
export async function openPart(db: Knex, key: PartKey): Promise<Part> {
  const { rows } = await db.raw(
    /* sql */ `
    insert into tidemark.run_parts as p (run_id, step, partition, fence) values (?, ?, ?, ?)
    on conflict (run_id, step, partition) do update set fence = excluded.fence where p.fence < excluded.fence
    returning ${partColumns}`,
    [key.runId, key.step, key.partition, key.fence],
  );
  if (!rows[0]) throw lost(key);
  return rows[0];
}

export interface PartProgress {
  readonly resumePoint: ResumePoint | null;
  /** of the first request of this batch, kept if it is the part's first; milliseconds since 1970 */
  readonly firstSent?: number | null;
  readonly firstSentSource?: number | null;
  readonly pages: number;
  readonly records: number;
  readonly requests: number;
  readonly staged?: number;
  readonly counts: Counts;
  readonly done: boolean;
}

/**
 * Commits how far the part has come, in the transaction of the rows it stands for, and renews the run's lease.
 * Throws FenceLost, which takes the rows back, when another attempt has taken over or the run has ended.
 */
export async function advancePart(trx: Knex.Transaction, key: PartKey, progress: PartProgress): Promise<void> {
  const { rows } = await trx.raw(
    /* sql */ `
    with part as (
      update tidemark.run_parts set resume_point = ?::jsonb, first_sent = coalesce(first_sent, ?::bigint),
        first_sent_source = coalesce(first_sent_source, ?::bigint), pages = pages + ?, records = records + ?,
        requests = requests + ?, staged = staged + ?, done = ?, failing_since = null, failing_with = null,
        counts = (select jsonb_object_agg(name, value::bigint + coalesce((counts ->> name)::bigint, 0)) from jsonb_each_text(?::jsonb) as n(name, value))
      where run_id = ? and step = ? and partition = ? and fence = ?
      returning run_id)
    update tidemark.runs r set lease_until = greatest(r.lease_until, clock_timestamp() + ? * interval '1 millisecond')
    from part where r.id = part.run_id and r.status = 'running' returning r.id`,
    [
      progress.resumePoint === null ? null : JSON.stringify(progress.resumePoint),
      progress.firstSent ?? null,
      progress.firstSentSource ?? null,
      progress.pages,
      progress.records,
      progress.requests,
      progress.staged ?? 0,
      progress.done,
      JSON.stringify(progress.counts),
      key.runId,
      key.step,
      key.partition,
      key.fence,
      leaseMs,
    ],
  );
  if (!rows[0]) throw lost(key);
}

/** Begins a part again from nothing, such as a scan whose staging table was lost in a crash. */
export async function restartPart(db: Knex, key: PartKey): Promise<void> {
  const { rowCount } = await db.raw(
    `update tidemark.run_parts set resume_point = null, first_sent = null, first_sent_source = null, staged = 0, records = 0, done = false
     where run_id = ? and step = ? and partition = ? and fence = ?`,
    [key.runId, key.step, key.partition, key.fence],
  );
  if (rowCount === 0) throw lost(key);
}

/** What all partitions of a step have done together. */
export interface StepSum {
  readonly parts: number;
  readonly done: boolean;
  readonly pages: number;
  readonly records: number;
  readonly staged: number;
  readonly counts: Counts;
  /** the earliest first request, in PostgreSQL's and in the source's time; null before the first page */
  readonly firstSent: number | null;
  readonly firstSentSource: number | null;
}

export async function sumParts(db: Knex, runId: string, step: string): Promise<StepSum> {
  const { rows } = await db.raw(
    /* sql */ `
    select count(*) as parts, coalesce(bool_and(done), false) as done, coalesce(sum(pages), 0)::bigint as pages,
      coalesce(sum(records), 0)::bigint as records, coalesce(sum(staged), 0)::bigint as staged,
      min(first_sent) as "firstSent", min(first_sent_source) as "firstSentSource",
      coalesce((select jsonb_object_agg(name, total) from (
        select name, sum(value::bigint) as total from tidemark.run_parts q, jsonb_each_text(q.counts) as c(name, value)
        where q.run_id = :runId and q.step = :step group by name) summed), '{}') as counts
    from tidemark.run_parts where run_id = :runId and step = :step`,
    { runId, step },
  );
  return { ...rows[0], counts: { ...noCounts, ...rows[0].counts } };
}

/** Notes that the source can't be reached; returns for how many milliseconds now, without any progress between. */
export async function noteFailing(db: Knex, key: PartKey, message: string): Promise<number> {
  const { rows } = await db.raw(
    /* sql */ `
    update tidemark.run_parts set failing_since = coalesce(failing_since, clock_timestamp()), failing_with = ?
    where run_id = ? and step = ? and partition = ? and fence = ?
    returning floor(extract(epoch from clock_timestamp() - failing_since) * 1000)::bigint as milliseconds`,
    [message.slice(0, 500), key.runId, key.step, key.partition, key.fence],
  );
  if (!rows[0]) throw lost(key);
  return rows[0].milliseconds;
}

/**
 * Adds what was fetched by id to a run's counts, in the transaction that writes it. Such a part has no resume point and no
 * fence: the plan's items say what is left, and the caller adds only what it has closed itself.
 */
export async function addFetched(
  trx: Knex,
  { runId, step }: Pick<PartKey, 'runId' | 'step'>,
  { records, counts }: { readonly records: number; readonly counts: Counts },
): Promise<void> {
  await trx.raw(
    /* sql */ `
    insert into tidemark.run_parts as p (run_id, step, partition, fence, records, requests, counts, done) values (?, ?, '', 0, ?, ?, ?::jsonb, true)
    on conflict (run_id, step, partition) do update set records = p.records + excluded.records, requests = p.requests + excluded.requests,
      counts = (select jsonb_object_agg(name, value::bigint + coalesce((p.counts ->> name)::bigint, 0)) from jsonb_each_text(excluded.counts) as n(name, value))`,
    [runId, step, records, records, JSON.stringify(counts)],
  );
}
