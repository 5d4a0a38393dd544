import type { Knex } from 'knex';
import { type Counts, noCounts } from '../../schema/answer';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import { TidemarkError } from '../../schema/errors';
import { query } from '../database/query';
import type { FoundCursor } from './cursors';
import { assertWorkersSurvive } from './lostWorkers';
import { leaseMs } from './runs';

/** One partition of one listing of a run. */
export interface PartName {
  readonly runId: string;
  /** `pull`, `scan`, `second-scan`, `confirm`, `fetch`; `related:<name>` of a listing of changed related records, as its cursor is called */
  readonly step: string;
  readonly partition: string;
}

/** A part, and the attempt that may write it. */
export interface PartKey extends PartName {
  /** from the database: higher for each attempt that opens the part */
  readonly fence: number;
}

/** One attempt of an activity, as Temporal describes it. */
export interface Attempt {
  /** counted from 1, and from 1 again after an operator has reset the activity */
  readonly number: number;
  /** when Temporal scheduled it, in milliseconds since 1970 */
  readonly scheduled: number;
  /** a later round begins the part from nothing and fences out every attempt of earlier rounds; default 0 */
  readonly round?: number;
}

export interface Part {
  readonly key: PartKey;
  readonly resumePoint: ResumePoint | null;
  readonly firstSent: number | null;
  readonly firstSentSource: number | null;
  readonly pages: number;
  readonly records: number;
  readonly staged: number;
  readonly counts: Counts | Record<string, never>;
  readonly done: boolean;
  /** of a pull: what it reads. A partition without a cursor is read from its beginning, whatever the run reads of the others */
  readonly listing: 'all' | 'changes' | null;
  /** … and the cursor of its partition when the part was opened first; null where there was none */
  readonly found: FoundCursor | null;
}

const partColumns = /* sql */ `resume_point as "resumePoint", first_sent as "firstSent", first_sent_source as "firstSentSource",
  pages, records, staged, counts, done, listing, fence`;

export function lostPart({ runId, step, partition }: PartName): TidemarkError {
  const part = partition === '' ? step : `${step} of ${partition}`;
  return new TidemarkError(
    'FenceLost',
    `Run ${runId}, ${part}: another attempt has taken over, or the run has ended; this one stops`,
  );
}

/** More attempts than one round of a part ever has. */
const attemptsPerRound = 1_000_000;

/**
 * Takes a part over: from now on only this attempt writes. Returns how far the part has come, and the fence that the attempt writes
 * with. The database assigns the fence, one more than the last: attempt numbers would not do, since Temporal counts from 1 again
 * when an operator resets an activity. Throws FenceLost when a later attempt was here before: one with at least
 * this number that was scheduled no earlier. Clocks that disagree can only refuse an attempt; two never write.
 * Throws WorkerLost when each of the last five attempts lost its worker.
 */
export async function openPart(db: Knex, name: PartName, { number, scheduled, round = 0 }: Attempt): Promise<Part> {
  const { rows } = await db.raw(
    /* sql */ `
    with held as (${heldCursor}
    ), own as (
      insert into tidemark.cursors (connection_id, entity, listing, partition, kind, at, token, run_id)
      select connection_id, entity, listing, :partition, kind, at, token, run_id from held where partition <> :partition on conflict do nothing)
    insert into tidemark.run_parts as p (run_id, step, partition, fence, attempt, attempt_at, tries, tries_since, listing, found_at, found_token)
    select cast(:runId as bigint), cast(:step as text), cast(:partition as text), cast(:before as bigint) + 1, cast(:number as int), cast(:scheduled as bigint), 1, clock_timestamp(), (
        select case when r.full_listing or r.strategy = 'delta' and held.at is null then 'all' else 'changes' end
        from tidemark.runs r where r.id = :runId and :step = 'pull'), held.at, held.token
    from (select 1) always left join held on true
    on conflict (run_id, step, partition) do update set
      fence = greatest(p.fence + 1, excluded.fence), attempt = excluded.attempt, attempt_at = excluded.attempt_at,
      tries = p.tries + 1, tries_since = coalesce(p.tries_since, clock_timestamp()),
      resume_point = case when p.fence >= :before then p.resume_point end,
      first_sent = case when p.fence >= :before then p.first_sent end,
      first_sent_source = case when p.fence >= :before then p.first_sent_source end,
      staged = case when p.fence >= :before then p.staged else 0 end,
      done = p.fence >= :before and p.done,
      verdict = case when p.fence >= :before then p.verdict end,
      listing = case when p.fence >= :before then p.listing else excluded.listing end,
      found_at = case when p.fence >= :before then p.found_at else excluded.found_at end,
      found_token = case when p.fence >= :before then p.found_token else excluded.found_token end
    where p.fence < :before
      or (p.fence < cast(:before as bigint) + :perRound and (p.attempt < excluded.attempt or p.attempt_at < excluded.attempt_at))
    returning ${partColumns}, tries, tries_since as "triesSince", found_at as "foundAt", found_token as "foundToken"`,
    { ...name, before: round * attemptsPerRound, perRound: attemptsPerRound, number, scheduled },
  );
  if (!rows[0]) throw lostPart(name);
  const { fence, tries, triesSince, foundAt, foundToken, ...part } = rows[0];
  assertWorkersSurvive(name, { tries, triesSince, done: part.done });
  const found = foundAt === null ? null : { at: foundAt, token: foundToken };
  return { ...part, found, key: { ...name, fence } };
}

/**
 * The cursor of a delta's partition, or of a listing of changed related records, for a part that is opened for the first time. One of the whole entity, from before it had
 * partitions or from an operator, becomes the partition's own, so that it can move by itself.
 */
const heldCursor = /* sql */ `
      select k.*
      from tidemark.runs r
      join tidemark.cursors k on k.connection_id = r.connection_id and k.entity = r.entity
        and k.listing = case when :step = 'pull' then 'changes' else :step end
        and (k.partition = :partition or k.partition = '' and k.left_at is null)
      where r.id = :runId and (:step = 'pull' or starts_with(:step, 'related:')) and r.strategy = 'delta'
      order by k.partition = :partition desc limit 1`;

/**
 * Opens a delta's part that no attempt has opened yet, below the fence of every other attempt. It began from the cursor that the run was
 * claimed with, `token` where that is one. Throws FenceLost otherwise.
 */
export async function openFirst(db: Knex, name: PartName, token: string | null = null): Promise<PartKey> {
  const { rowCount } = await db.raw(
    `insert into tidemark.run_parts (run_id, step, partition, fence, listing, found_at, found_token)
     select id, ?, ?, 0, 'changes', cursor_before, ? from tidemark.runs where id = ? on conflict do nothing`,
    [name.step, name.partition, token, name.runId],
  );
  if (rowCount === 0) throw lostPart(name);
  return { ...name, fence: 0 };
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
  /** nothing showed that the list ended where its pages stopped */
  readonly endUncertain?: boolean;
  /** the last token that the source gave for the next run; kept where these pages gave none */
  readonly token?: string | null;
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
       requests = requests + ?, staged = staged + ?, done = ?, end_uncertain = ?, next_token = coalesce(?, next_token), failing_since = null, failing_with = null,
       tries = 0, tries_since = null,
        counts = (select jsonb_object_agg(name, value::bigint + coalesce((counts ->> name)::bigint, 0)) from jsonb_each_text(?::jsonb) as n(name, value))
      where run_id = ? and step = ? and partition = ? and fence = ?
      returning run_id)
    update tidemark.runs r set lease_until = greatest(r.lease_until, clock_timestamp() + ? * interval '1 millisecond'),
      waiting_until = null, waiting_reason = null
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
      progress.endUncertain ?? false,
      progress.token ?? null,
      JSON.stringify(progress.counts),
      key.runId,
      key.step,
      key.partition,
      key.fence,
      leaseMs,
    ],
  );
  if (!rows[0]) throw lostPart(key);
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
  /** how many of the lists ended where nothing showed that they had ended */
  readonly uncertainEnds: number;
}

export async function sumParts(db: Knex, runId: string, step: string): Promise<StepSum> {
  const { rows } = await db.raw(
    /* sql */ `
    select count(*) as parts, coalesce(bool_and(done), false) as done, coalesce(sum(pages), 0)::bigint as pages,
      coalesce(sum(records), 0)::bigint as records, coalesce(sum(staged), 0)::bigint as staged,
      count(*) filter (where end_uncertain)::int as "uncertainEnds", min(first_sent) as "firstSent", min(first_sent_source) as "firstSentSource",
      coalesce((select jsonb_object_agg(name, total) from (
        select name, sum(value::bigint) as total from tidemark.run_parts q, jsonb_each_text(q.counts) as c(name, value)
        where q.run_id = :runId and q.step = :step group by name) summed), '{}') as counts
    from tidemark.run_parts where run_id = :runId and step = :step`,
    { runId, step },
  );
  return { ...rows[0], counts: { ...noCounts, ...rows[0].counts } };
}

/** How many ids each partition of a scan has staged. */
export async function stagedByPartition(db: Knex, runId: string, step: string): Promise<Map<string, number>> {
  const rows = await query<{ partition: string; staged: number }>(
    db,
    'select partition, staged from tidemark.run_parts where run_id = ? and step = ?',
    [runId, step],
  );
  return new Map(rows.map(({ partition, staged }) => [partition, staged]));
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
  if (!rows[0]) throw lostPart(key);
  return rows[0].milliseconds;
}

/**
 * Adds what was fetched by id, or deleted without a request, to a run's counts, in the transaction that writes it. Such a part has no resume point and no
 * fence: the plan's items say what is left, and the caller adds only what it has closed itself.
 */
export async function addFetched(
  trx: Knex,
  { runId, step }: Pick<PartKey, 'runId' | 'step'>,
  {
    records,
    requests = records,
    counts,
  }: { readonly records: number; readonly requests?: number; readonly counts: Counts },
): Promise<void> {
  await trx.raw(
    /* sql */ `
    with goes_on as (
      update tidemark.runs set waiting_until = null, waiting_reason = null where id = ? and waiting_until is not null)
    insert into tidemark.run_parts as p (run_id, step, partition, fence, records, requests, counts, done) values (?, ?, '', 0, ?, ?, ?::jsonb, true)
    on conflict (run_id, step, partition) do update set records = p.records + excluded.records, requests = p.requests + excluded.requests,
      counts = (select jsonb_object_agg(name, value::bigint + coalesce((p.counts ->> name)::bigint, 0)) from jsonb_each_text(excluded.counts) as n(name, value))`,
    [runId, runId, step, records, requests, JSON.stringify(counts)],
  );
}
