import { parseDuration } from '../../schema/duration';
import { valueAt } from '../../schema/json/json';
import type { ReportJob } from '../../schema/reportJobs';
import { preview } from '../../schema/text/preview';
import { sourceNow } from '../wire/pace/quota';
import { retryAfter } from '../wire/pace/retryAfter';
import type { JsonAnswer } from '../wire/send';
import { type AskedReport, askFor, broken, everyMs, noDocument, waits } from './asked';

/** A job that is done, with what the source said of it; `empty` where that means that there are no records. */
export interface DoneJob {
  readonly empty: boolean;
  readonly answer: JsonAnswer;
  /** the number of rows that its document must have, where the source names it */
  readonly total: number | undefined;
}

/** How long after its start a job may be unknown to the source that has started it. */
const notYetMs = 60_000;
const slowestPollMs = 60_000;

/**
 * Asks for the state of a job. Throws SourceAsksToWait while it is pending; SourceUnavailable where another job is to be started;
 * ContractBroken where a person has to look. A poll that fails says nothing of the job.
 */
export async function pollJob(asked: AskedReport, job: ReportJob & { readonly job: string }): Promise<DoneJob> {
  const { report, jobs } = asked;
  const { poll } = report;
  const name = `job ${preview(job.job, 100)}`;
  if (job.ageMs > parseDuration(report.life)) {
    throw await noDocument(asked, job, {
      state: 'expired',
      problem: `${name} is older than its life of ${report.life}`,
    });
  }
  const answer = await askFor(asked, poll.request, { job: job.job }, { statuses: new Set(poll.unknown) });
  if (poll.unknown.includes(answer.status)) {
    const problem = `the source answered ${answer.status}: it does not know ${name}`;
    if (job.ageMs < notYetMs) throw waits(asked, problem, pauseOf(asked, job, answer));
    throw await noDocument(asked, job, { state: 'expired', problem });
  }
  const status = valueAt(answer.body, poll.status);
  const is = (states: readonly unknown[]) => states.some((one) => String(one) === String(status));
  const state = `${name} is ${preview(status, 100)}`;
  if (status !== undefined && is(poll.pending)) {
    await jobs.pending(job.id);
    if (job.ageMs <= parseDuration(poll.patience)) throw waits(asked, state, pauseOf(asked, job, answer));
    throw broken(
      asked,
      `${state}, longer than its patience of ${poll.patience}`,
      `The next run asks for it again; another job is started once its life of ${report.life} is over`,
    );
  }
  if (status !== undefined && (is(poll.done) || is(poll.empty))) {
    return { answer, empty: is(poll.empty), total: totalIn(asked, answer) };
  }
  if (status !== undefined && is(poll.failed)) {
    const reason = poll.reason === undefined ? '' : `: ${reasonIn(asked, answer, poll.reason)}`;
    throw await noDocument(asked, job, { state: 'failed', problem: state + reason });
  }
  throw broken(
    asked,
    `${state}, a state that the definition does not name`,
    'Add it to `report.poll`, as pending, done, empty or failed. No other job is started meanwhile',
  );
}

/** Without what follows a question mark in an address: signatures are there. */
function reasonIn({ source }: AskedReport, { body }: JsonAnswer, path: string): string {
  return source.sender.reporter.excerpt(preview(valueAt(body, path), 500).replace(/\?\S*/g, '?…'));
}

function totalIn(asked: AskedReport, { body }: JsonAnswer): number | undefined {
  const { total } = asked.report.poll;
  if (total === undefined) return undefined;
  const value = valueAt(body, total);
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
  throw broken(asked, `'${total}' in the job's body is not a number of rows`, 'Correct `report.poll.total`');
}

/** What the source asks for, else longer the longer the job takes. */
function pauseOf({ report }: AskedReport, job: ReportJob, answer: JsonAnswer): number {
  const asks = retryAfter(answer.headers['retry-after'], sourceNow(answer));
  if (asks !== undefined && asks > 0) return asks;
  const every = everyMs(report);
  return Math.max(every, Math.min(slowestPollMs, job.ageMs / 10));
}
