import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../schema/json/json';
import { json, type Responder, startSource, type TestSource } from '../support/sources/httpSource';

/** What a request of a report is for. */
export type Step = 'at once' | 'start' | 'jobs' | 'poll' | 'link' | 'document';

export interface ReportRow {
  readonly id: string;
  name: string;
  /** the day that the report's range is about */
  date: string;
}

/** A job of the source, with the rows as they were when it was started. */
export interface SourceJob {
  readonly id: string;
  readonly parameters: JsonObject;
  readonly created: string;
  readonly rows: readonly ReportRow[];
  polls: number;
}

export interface Asked {
  readonly step: Step;
  readonly authorization: string | undefined;
  readonly url: string;
  readonly parameters: JsonObject;
}

type Fault = (response: ServerResponse, request: IncomingMessage) => void;

/** What both shapes of a report API have: jobs, and documents on a host of their own that tolerates no token. */
export class ReportSource {
  readonly rows: ReportRow[] = [];
  readonly jobs: SourceJob[] = [];
  readonly asked: Asked[] = [];
  /** rows that are answered at once */
  cap = 3;
  /** polls of a job that are answered as pending, before the state below */
  pending = 1;
  state = 'complete';
  /** the address of a job's document; `signature` is what makes it secret */
  linkOf = (job: SourceJob): string => `${this.storage.baseUrl}/documents/${job.id}?signature=s3cr3t-of-${job.id}`;
  documentOf: (job: SourceJob) => string | Buffer;
  headersOf: (job: SourceJob) => Record<string, string> = () => ({});
  private readonly faults: { step: Step; fault: Fault; times: number }[] = [];

  private constructor(
    readonly api: TestSource,
    readonly storage: TestSource,
    document: (job: SourceJob) => string | Buffer,
  ) {
    this.documentOf = document;
  }

  static async start(shape: 'capped' | 'posted'): Promise<ReportSource> {
    let world: ReportSource | undefined;
    const respond: Responder = (request, response, url) => {
      if (world)
        void (shape === 'capped' ? world.capped(request, response, url) : world.posted(request, response, url));
    };
    const api = await startSource(respond);
    const storage = await startSource((request, response, url) => void world?.document(request, response, url));
    world = new ReportSource(api, storage, shape === 'capped' ? jsonTable : gzippedCsv);
    return world;
  }

  async close(): Promise<void> {
    await Promise.all([this.api.close(), this.storage.close()]);
  }

  /** The next requests of this step are answered so, instead of as they should be. */
  fail(step: Step, fault: Fault, times = 1): void {
    this.faults.push({ step, fault, times });
  }

  steps(): Step[] {
    return this.asked.map(({ step }) => step);
  }

  startJob(parameters: JsonObject): SourceJob {
    const rows = this.matching(parameters).map((row) => ({ ...row }));
    const job = { id: `job-${this.jobs.length + 1}`, parameters, created: new Date().toISOString(), rows, polls: 0 };
    this.jobs.push(job);
    return job;
  }

  private matching({ from, to }: JsonObject): ReportRow[] {
    return this.rows.filter(
      ({ date }) =>
        (typeof from !== 'string' || date >= from.slice(0, 10)) && (typeof to !== 'string' || date <= to.slice(0, 10)),
    );
  }

  /** Notes the request; true where a fault has answered it. */
  private takes(step: Step, request: IncomingMessage, response: ServerResponse, parameters: JsonObject): boolean {
    this.asked.push({ step, authorization: request.headers.authorization, url: request.url ?? '', parameters });
    const found = this.faults.find((one) => one.step === step && one.times > 0);
    if (!found) return false;
    found.times -= 1;
    found.fault(response, request);
    return true;
  }

  /** The shape of Mariana Tek's reports: an answer at once that may be capped, a job that a GET starts, the address in the poll. */
  private async capped(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const parameters = Object.fromEntries(url.searchParams);
    const step = { '/data': 'at once', '/async': 'start', '/jobs': 'jobs', '/status': 'poll' }[url.pathname] as Step;
    if (this.takes(step, request, response, parameters)) return;
    if (step === 'at once') {
      const rows = this.matching(parameters);
      const attributes = { ...table(rows.slice(0, this.cap)), max_results_exceeded: rows.length > this.cap };
      return json(response, { data: { attributes } });
    }
    if (step === 'start') return json(response, { data: [{ id: this.startJob(parameters).id }] });
    if (step === 'jobs')
      return json(response, { data: this.jobs.map(({ id, created, parameters: of }) => ({ id, created, of })) });
    const job = this.jobs.find(({ id }) => id === parameters.id);
    if (!job) return json(response, { detail: 'Not found.' }, 404);
    job.polls += 1;
    if (job.polls <= this.pending) return json(response, { data: { status: 'processing', s3_link: null } });
    return json(response, { data: { status: this.state, s3_link: this.linkOf(job), error: 'out of memory' } });
  }

  /** A job that a POST starts, a further request for the address of its document, gzipped CSV. */
  private async posted(request: IncomingMessage, response: ServerResponse, { pathname }: URL): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const [, kind, id] = pathname.split('/');
    const step = kind === 'documents' ? 'link' : request.method === 'POST' ? 'start' : 'poll';
    const parameters = body === '' ? {} : JSON.parse(body);
    if (this.takes(step, request, response, parameters)) return;
    if (step === 'start') return json(response, { reportId: this.startJob(parameters).id }, 202);
    const job = this.jobs.find((one) => one.id === id);
    if (!job) return json(response, { errors: [] }, 404);
    if (step === 'link') return json(response, { url: this.linkOf(job), compressionAlgorithm: 'GZIP' });
    job.polls += 1;
    const processingStatus =
      job.polls <= this.pending ? 'IN_PROGRESS' : this.state === 'complete' ? 'DONE' : this.state;
    json(response, { processingStatus, reportDocumentId: job.id });
  }

  private document(request: IncomingMessage, response: ServerResponse, url: URL): void {
    if (this.takes('document', request, response, {})) return;
    // as the storage of a cloud: a signature, and no other credentials beside it
    if (request.headers.authorization !== undefined || !url.searchParams.has('signature'))
      return void response.writeHead(400).end();
    const job = this.jobs.find(({ id }) => url.pathname.endsWith(`/${id}`));
    if (!job) return void response.writeHead(404).end();
    const body = Buffer.from(this.documentOf(job));
    response.writeHead(200, { 'Content-Length': body.length, ...this.headersOf(job) }).end(body);
  }
}

function table(rows: readonly ReportRow[]) {
  return { headers: ['Row ID', 'Name', 'Day'], rows: rows.map(({ id, name, date }) => [id, name, date]) };
}

export function jsonTable({ id, rows }: SourceJob): string {
  return JSON.stringify({ id, name: 'a report', ...table(rows), total_records: rows.length });
}

export function gzippedCsv({ rows }: SourceJob): Buffer {
  const lines = ['Row ID,Name,Day', ...rows.map(({ id, name, date }) => `${id},"${name}",${date}`)];
  return gzipSync(`${lines.join('\r\n')}\r\n`);
}

/** So many rows, one a day backwards from a day. */
export function makeRows(count: number, from = '2026-11-20'): ReportRow[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `r${at + 1}`,
    name: `name ${at + 1}`,
    date: new Date(Date.parse(from) - (at % 5) * 86_400_000).toISOString().slice(0, 10),
  }));
}

export const reset: Fault = (response) => response.destroy();
export const status =
  (code: number, body: unknown = {}, headers: Record<string, string> = {}): Fault =>
  (response) => {
    response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
