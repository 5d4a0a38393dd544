import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { EndedState, ReportJob, ReportJobs, ReportStart, WantedReport } from '../../schema/reportJobs';
import { query } from '../database/query';

/** How long an attempt waits for another run's report, or for an attempt of its own that was faster. */
const othersMs = 5_000;
const longestReason = 500;

/** The report jobs of a connection in `tidemark.report_jobs`. */
export function createReportJobs(db: Knex, connectionId: string): ReportJobs {
  return {
    find: (wanted) => db.transaction((trx) => open(trx, wanted)),
    begin: (wanted, start) => db.transaction((trx) => begin(trx, wanted, start)),
    beginAgain: (id, start) => beginAgain(id, start),
    started: async (id, job, sourceSent) => {
      await changes(`state = 'running', job = ?, sent_source = ?`, [job, sourceSent], id);
    },
    block: async (id) => {
      await changes(`state = 'blocked', blocked_since = coalesce(blocked_since, clock_timestamp())`, [], id);
    },
    pending: async (id) => {
      await db.raw(
        `update tidemark.run_parts p set failing_since = null, failing_with = null from tidemark.report_jobs j
         where j.id = ? and p.run_id = j.run_id and p.step = j.step and p.partition = j.partition and p.failing_since is not null`,
        [id],
      );
    },
    deadLink: async (id) => {
      const [row] = await query<{ times: number }>(
        db,
        `update tidemark.report_jobs set dead_links = dead_links + 1 where id = ? returning dead_links as times`,
        [id],
      );
      return row?.times ?? 0;
    },
    end: (id, state, reason) => end(id, state, reason),
  };

  /** One report of an entity at a time is decided under a lock of the entity's jobs, which no request is made under. */
  async function open(trx: Knex.Transaction, wanted: WantedReport): Promise<ReportJob | undefined> {
    const { entity, runId, step, partition, parameters } = wanted;
    await trx.raw(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [
      `tidemark.report_jobs ${connectionId} ${entity}`,
    ]);
    // that a job has been read to its end is committed with its part
    await trx.raw(
      `update tidemark.report_jobs j set state = 'read', ended_at = clock_timestamp() from tidemark.run_parts p
       where j.connection_id = ? and j.entity = ? and j.ended_at is null
         and p.run_id = j.run_id and p.step = j.step and p.partition = j.partition and p.done`,
      [connectionId, entity],
    );
    const [other] = await query<{ runId: string }>(
      trx,
      `select j.run_id::text as "runId" from tidemark.report_jobs j join tidemark.runs r on r.id = j.run_id and r.status = 'running'
       where j.connection_id = ? and j.entity = ? and j.ended_at is null and (j.run_id, j.step) <> (?, ?) limit 1`,
      [connectionId, entity, runId, step],
    );
    if (other) {
      throw waits(entity, `run ${other.runId} reads a report of it; the two go one after the other`);
    }
    const [job] = await query<ReportJob>(
      trx,
      `update tidemark.report_jobs set run_id = ?, step = ?, partition = ?, blocked_since = case when run_id = ? then blocked_since end
       where connection_id = ? and entity = ? and md5(parameters) = md5(?) and parameters = ? and ended_at is null returning ${columns}`,
      [runId, step, partition, runId, connectionId, entity, parameters, parameters],
    );
    return job;
  }

  async function begin(trx: Knex.Transaction, wanted: WantedReport, { sent, times }: ReportStart): Promise<ReportJob> {
    const { entity, runId, step, partition, parameters } = wanted;
    if ((await open(trx, wanted)) !== undefined) throw waits(entity, 'another attempt has begun its report');
    const [job] = await query<ReportJob>(
      trx,
      `insert into tidemark.report_jobs (connection_id, entity, parameters, times, state, sent, run_id, step, partition)
       values (?, ?, ?, ?::jsonb, 'starting', ?, ?, ?, ?) returning ${columns}`,
      [connectionId, entity, parameters, JSON.stringify(times), Math.floor(sent), runId, step, partition],
    );
    if (!job) throw waits(entity, 'its report was not begun');
    return job;
  }

  async function beginAgain(id: string, { sent, times }: ReportStart): Promise<ReportJob> {
    const [job] = await query<ReportJob>(
      db,
      `update tidemark.report_jobs set state = 'starting', sent = ?, times = ?::jsonb where id = ? and state = 'blocked' returning ${columns}`,
      [Math.floor(sent), JSON.stringify(times), id],
    );
    if (!job) throw waits(`report job ${id}`, 'another attempt has begun it');
    return job;
  }

  async function end(id: string, state: EndedState, reason: string): Promise<number> {
    await changes(`state = ?, reason = ?, ended_at = clock_timestamp()`, [state, reason.slice(0, longestReason)], id);
    const [row] = await query<{ failed: number }>(
      db,
      `select count(*)::int as failed from tidemark.report_jobs o join tidemark.report_jobs j
         on o.run_id = j.run_id and o.step = j.step and o.partition = j.partition
       where j.id = ? and o.state in ('failed', 'spoiled', 'expired', 'lost')`,
      [id],
    );
    return row?.failed ?? 0;
  }

  /** Of an open job only: what has ended stays as it is. */
  async function changes(set: string, bindings: readonly Knex.RawBinding[], id: string): Promise<void> {
    await db.raw(`update tidemark.report_jobs set ${set} where id = ? and ended_at is null`, [...bindings, id]);
  }

  function waits(entity: string, why: string): TidemarkError {
    return new TidemarkError('SourceAsksToWait', `${connectionId}/${entity} waits: ${why}`, {
      retryAfterMs: othersMs,
      byEngine: true,
    });
  }
}

const columns = /* sql */ `id::text as id, state, job, sent, sent_source as "sourceSent", times,
  (extract(epoch from clock_timestamp()) * 1000 - sent)::float8 as "ageMs",
  coalesce((extract(epoch from clock_timestamp() - blocked_since) * 1000)::float8, 0) as "blockedMs"`;
