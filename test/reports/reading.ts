import type { Knex } from 'knex';
import { createConnection } from '../../destination/connections/connections';
import { createReportJobs } from '../../destination/reports/reportJobs';
import type { EntityInput } from '../../schema/definition/entity';
import type { ListingInput, ResumePoint } from '../../schema/definition/listings/listing';
import { TidemarkError } from '../../schema/errors';
import type { JsonObject } from '../../schema/json/json';
import type { SourcePage } from '../../source/contract';
import { type row, testClient } from '../support/sources/httpSource';
import type { ReportSource } from './reportSource';

let connections = 0;

export interface Attempt {
  readonly listing?: 'all' | 'changes' | 'ids';
  readonly since?: Date;
  readonly resumePoint?: ResumePoint | null;
  readonly run?: string;
  readonly step?: string;
  /** stops after so many pages, as a killed worker does */
  readonly pages?: number;
}

/** Reads reports as attempts of runs do, over the jobs in PostgreSQL; no attempt waits, whatever it is asked to. */
export async function reportReader(
  db: Knex,
  source: ReportSource,
  all: ListingInput,
  changes: Partial<EntityInput<typeof row, JsonObject>> = {},
) {
  const own = ++connections;
  const connectionId = `reports-${own}`;
  await createConnection(db, { id: connectionId, connector: 'acme', settings: {} });
  const notices: string[] = [];
  const make = () =>
    testClient(
      source.api.baseUrl,
      { ...({ deltaSyncField: undefined } as object), listings: { all }, ...changes },
      { jobs: createReportJobs(db, connectionId), onNotice: (text) => notices.push(text) },
    );

  /** runs have ids of their own in the whole database */
  const runId = (run: string) => String(own * 1_000 + Number(run));

  /** One attempt by a process that has just started. */
  async function attempt({
    listing = 'all',
    run = '1',
    step = 'pull',
    pages: most,
    since,
    resumePoint = null,
  }: Attempt = {}) {
    const pages: SourcePage[] = [];
    const { client, entity } = make();
    let error: TidemarkError | undefined;
    try {
      const signal = new AbortController().signal;
      const reader = { runId: runId(run), step };
      const from = since === undefined ? {} : { since };
      for await (const page of client.streamAll(entity, listing, {
        partition: '',
        signal,
        reader,
        resumePoint,
        ...from,
      })) {
        pages.push(page);
        if (pages.length === most) break;
      }
    } catch (thrown) {
      if (!(thrown instanceof TidemarkError)) throw thrown;
      error = thrown;
    }
    return {
      pages,
      error,
      records: pages.flatMap(({ records }) => records) as { id: string; name: string; date: string }[],
    };
  }

  /** Attempts, until one is done or fails for good. */
  async function read(options: Attempt = {}) {
    const errors: TidemarkError[] = [];
    for (let times = 0; times < 40; times += 1) {
      const { error, ...result } = await attempt(options);
      if (error === undefined) return { ...result, errors, failed: undefined };
      errors.push(error);
      if (error.recovery !== 'wait' && error.recovery !== 'retry') return { ...result, errors, failed: error };
    }
    throw new RangeError(`no end after 40 attempts: ${errors.at(-1)?.message}`);
  }

  return {
    connectionId,
    notices,
    attempt,
    read,
    /** Hands out page after page, and holds none of them; returns what was made of the last. */
    each: async <Made>(look: (page: SourcePage) => Promise<Made>): Promise<Made | undefined> => {
      const { client, entity } = make();
      const signal = new AbortController().signal;
      let made: Made | undefined;
      const reader = { runId: runId('1'), step: 'pull' };
      for await (const page of client.streamAll(entity, 'all', { partition: '', signal, reader }))
        made = await look(page);
      return made;
    },
    probe: () => {
      const { client, entity } = make();
      return client.probe(entity, { partition: '', deleted: [], signal: new AbortController().signal });
    },
    readWithoutRun: () => {
      const { client, entity } = make();
      return client
        .streamAll(entity, 'all', { partition: '', signal: new AbortController().signal })
        [Symbol.asyncIterator]()
        .next();
    },
    jobs: async (): Promise<{ state: string; job: string | null; reason: string | null; sent: number }[]> =>
      await db('tidemark.report_jobs')
        .where({ connection_id: connectionId })
        .select('state', 'job', 'reason', 'sent')
        .orderBy('id'),
    /** So much time passes for the jobs that are open. */
    later: async (milliseconds: number) => {
      await db.raw(
        `update tidemark.report_jobs set sent = sent - ?, blocked_since = blocked_since - ? * interval '1 millisecond'
         where connection_id = ? and ended_at is null`,
        [milliseconds, milliseconds, connectionId],
      );
    },
    /** The run has come to an end, as a part that is done, or without having read everything. */
    runId,
    runIs: async (run: string, { done = false, status = 'running', step = 'pull' } = {}) => {
      await db.raw(
        `insert into tidemark.entities (connection_id, entity) values (?, 'people') on conflict do nothing`,
        [connectionId],
      );
      await db.raw(
        `insert into tidemark.runs (id, connection_id, entity, strategy, trigger, dry_run, full_listing, workflow_id, workflow_run_id, lease_until, status)
         overriding system value values (?, ?, 'people', ?, 'api', false, true, ?, ?, clock_timestamp(), ?)
         on conflict (id) do update set status = excluded.status`,
        [
          runId(run),
          connectionId,
          step === 'pull' ? 'delta' : 'reconciliation',
          `w${runId(run)}`,
          `r${runId(run)}`,
          status,
        ],
      );
      await db.raw(
        `insert into tidemark.run_parts (run_id, step, partition, fence, done) values (?, ?, '', 0, ?)
         on conflict (run_id, step, partition) do update set done = excluded.done`,
        [runId(run), step, done],
      );
    },
  };
}
