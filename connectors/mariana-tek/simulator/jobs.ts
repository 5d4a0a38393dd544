import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Answer } from '../../simulator/answer';
import type { Fault } from '../../simulator/faults';
import { errorAnswer, jsonAnswer, storageError } from './answers';
import type { Brand } from './brand';
import { reportId, rowsOf } from './reports';
import { headersOf, type Report } from './tables';

/** What becomes of the next jobs, by switch. */
export const jobFates = ['complete', 'failed', 'error', 'stuck', 'unknown-state', 'rows-missing', 'cut-short'] as const;
export type JobFate = (typeof jobFates)[number];

interface Job {
  readonly id: string;
  readonly brand: string;
  readonly fate: JobFate;
  readonly readyAt: number;
  readonly document: string;
  readonly signatures: Map<string, number>;
}

/** The jobs of all brands and their documents, which another host serves. */
export class Jobs {
  /** how long a job takes */
  takesMs = 0;
  /** how long an address of a document can be used after the poll that showed it */
  linkLifeMs = 120_000;
  /** address of the host of the documents, such as `http://127.0.0.1:4032` */
  storageUrl = '';
  private readonly jobs = new Map<string, Job>();
  private fates: JobFate[] = [];
  private last = 0;

  constructor(private readonly now: () => number) {}

  /** What becomes of the next jobs, in order. */
  decide(fates: readonly JobFate[]): void {
    this.fates.push(...fates);
  }

  get count(): number {
    return this.jobs.size;
  }

  /** `GET /api/async_table_report_data`. A job has the rows of when it was started, and no page size. */
  start(brand: Brand, report: Report, params: URLSearchParams, faults: readonly Fault[]): Answer {
    this.last += 1;
    const id = String(80_000 + this.last);
    const fate = this.fates.shift() ?? 'complete';
    const rows = rowsOf(brand, report, params, faults);
    const total = rows.length;
    if (fate === 'rows-missing') rows.splice(Math.floor(rows.length / 2));
    const whole = JSON.stringify({
      id: reportId(brand, report.slug),
      name: report.name,
      headers: headersOf(report, brand.edition),
      rows,
      total_records: total,
    });
    const document = fate === 'cut-short' ? whole.slice(0, Math.floor(whole.length * 0.7)) : whole;
    const made = { id, brand: brand.name, fate, document, readyAt: this.now() + this.takesMs, signatures: new Map() };
    this.jobs.set(id, made);
    return jsonAnswer({ data: [{ type: 'async_table_report_data', id, attributes: { status: 'processing' } }] });
  }

  /** `GET /api/async_table_report_data/job_status`. Each poll of a job that is complete shows a fresh address. */
  status(brand: Brand, id: string | null): Answer {
    const job = this.jobs.get(id ?? '');
    if (job === undefined || job.brand !== brand.name) return errorAnswer(404);
    if (job.fate === 'stuck' || this.now() < job.readyAt) return state('processing', null);
    if (job.fate === 'failed' || job.fate === 'error') return state(job.fate, null);
    if (job.fate === 'unknown-state') return state('archived', null);
    const signature = randomUUID();
    job.signatures.set(signature, this.now() + this.linkLifeMs);
    return state('complete', `${this.storageUrl}/exports/${job.id}.json?X-Amz-Signature=${signature}`);
  }

  /** The host of the documents. Its address is proof enough, and a token beside it is refused. */
  storage(request: IncomingMessage, url: URL): Answer {
    const job = this.jobs.get(/^\/exports\/(\d+)\.json$/.exec(url.pathname)?.[1] ?? '');
    if (job === undefined) return storageError(404, 'NoSuchKey');
    if (request.headers.authorization !== undefined) return storageError(400, 'InvalidArgument');
    const until = job.signatures.get(url.searchParams.get('X-Amz-Signature') ?? '');
    if (until === undefined || this.now() > until) return storageError(403, 'AccessDenied');
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body: job.document };
  }
}

function state(status: string, link: string | null): Answer {
  return jsonAnswer({ data: { status, s3_link: link } });
}
