import type { ConnectorEntity } from '../../schema/definition/connector';
import { filteredBy, type Listing, type ListingName } from '../../schema/definition/listings/listing';
import type { Report, ReportRequest } from '../../schema/definition/listings/report';
import { replacedMarginMs } from '../../schema/definition/replaced';
import { parseDuration } from '../../schema/duration';
import type { TidemarkError } from '../../schema/errors';
import type { ReportJob, ReportJobs, ReportReader, WantedReport } from '../../schema/reportJobs';
import type { ListOptions } from '../contract';
import { untilValue } from '../reading/filter/cursorForm';
import { declaredListing, type Filter, withParams } from '../reading/listRequest';
import { type Addressed, addressed } from '../wire/question';
import type { About } from '../wire/report';
import { ask, type JsonAnswer, type Question } from '../wire/send';
import type { Source } from '../wire/source';
import { rangeAt } from './range';

/** A report that is being read: its definition, its connection, and what every step of it needs. */
export interface AskedReport {
  readonly source: Source;
  readonly jobs: ReportJobs;
  readonly entity: ConnectorEntity;
  readonly name: ListingName;
  readonly listing: Listing;
  readonly report: Report;
  readonly filter: Filter | undefined;
  readonly options: ListOptions;
  readonly about: About;
  /** the zone of the report's range */
  readonly timeZone: string;
  /** requests sent since it was last set to 0 */
  readonly count: { requests: number };
}

/** Throws Usage where the definition and the call do not fit each other. */
export function askedReport(
  source: Source,
  jobs: ReportJobs,
  entity: ConnectorEntity,
  { name, report, options }: { readonly name: ListingName; readonly report: Report; readonly options: ListOptions },
): AskedReport {
  const about = { entity: entity.name, what: `report '${name}'` };
  const { listing, filter } = declaredListing(source, entity, name, options, about);
  const zone = report.window?.timeZone;
  const timeZone = zone === undefined || zone === 'connection' ? source.connection.timeZone : zone;
  return { source, jobs, entity, name, listing, report, filter, options, about, timeZone, count: { requests: 0 } };
}

/** The job of this report for a run. Throws Usage where no run reads it: a job is not started for anything else. */
export function wantedReport(asked: AskedReport): WantedReport & ReportReader {
  const { entity, options, filter, source, about } = asked;
  if (options.reader === undefined) {
    throw source.sender.reporter.error(
      'Usage',
      about,
      'its job is started by runs only',
      'Start a delta, or compare with `tidemark reconcile --dry-run`',
    );
  }
  const { url, method, body } = startRequest(asked, { since: filter?.text ?? '{since}', until: '{until}' });
  // the range is a part of the question, although its times are another's at every start
  const parameters = JSON.stringify([method, url.pathname + url.search, body ?? null, asked.report.window ?? null]);
  return { ...options.reader, entity: entity.name, partition: options.partition, parameters };
}

/** What stands for the times of the start when it is sent now, and the range that they mean, in milliseconds since 1970. */
export function timesNow({ report, listing, filter, timeZone, source, entity }: AskedReport): Record<string, string> {
  const now = source.sender.clock.received();
  const began = filter && { text: filter.text, at: filter.instant };
  if (report.window) {
    const { since, until, from, to } = rangeAt(report.window, timeZone, now, {
      began,
      wider: entity.replaced === undefined ? 0 : replacedMarginMs,
    });
    return { since, until, from: String(from), to: String(to) };
  }
  const since = filteredBy(listing)?.since;
  return filter && since ? { since: filter.text, until: untilValue(since, now) } : {};
}

/** The request that starts the job. Throws Usage. */
export function startRequest(asked: AskedReport, times: Readonly<Record<string, string>>): Addressed {
  const { source, report, listing, filter, options, about } = asked;
  const request = report.start ?? listing;
  const filled = addressed(source, request, { partition: options.partition, ...times }, about);
  if (filter?.param === undefined) return filled;
  return withParams({ ...listing, method: request.method }, filled, { [filter.param]: filter.text });
}

/** What distinguishes one question about a report from another. */
export type Further = Partial<Pick<Question, 'once' | 'statuses'>> & { readonly sending?: () => void };

const none: ReadonlySet<number> = new Set();

/** Sends a request of the report to the source itself. Throws TidemarkError. */
export async function askFor(
  asked: AskedReport,
  request: ReportRequest | Addressed,
  filling: Readonly<Record<string, string>>,
  { sending, ...further }: Further = {},
): Promise<JsonAnswer> {
  const { source, options, about, count } = asked;
  const filled =
    'url' in request ? request : addressed(source, request, { partition: options.partition, ...filling }, about);
  const question: Question = {
    ...{ ...filled, about, signal: options.signal, forbidden, statuses: none },
    ...{ place: { path: '', list: false }, accepted: true },
    ...further,
  };
  return await ask(source.sender, question, () => {
    count.requests += 1;
    sending?.();
  });
}

const forbidden = {
  type: 'CredentialsRefused',
  todo: 'The credentials may not read this report: give the connection others with `tidemark connect`, or ask for the permission',
} as const;

/** ContractBroken about the report. */
export function broken({ source, about }: AskedReport, problem: string, todo: string): TidemarkError {
  return source.sender.reporter.error('ContractBroken', about, problem, todo);
}

/** The report is asked for again after this many milliseconds, and no slot is held until then. */
export function waits({ source, about }: AskedReport, problem: string, retryAfterMs: number): TidemarkError {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return source.sender.reporter.error('SourceAsksToWait', about, problem, `The engine asks again in ${seconds} s`, {
    retryAfterMs: Math.ceil(retryAfterMs),
    // the account is not blocked, and a wait of the source that blocks nothing counts as ended
    byEngine: true,
  });
}

/** Of jobs that fail one after another, the last one that is tried. */
const jobsAtMost = 3;

/**
 * Ends a job that brings nothing. What to throw: another job is started soon, unless that was the third of this part of the run, or
 * another one would be no better.
 */
export async function noDocument(
  asked: AskedReport,
  job: ReportJob,
  { state, problem }: { readonly state: 'failed' | 'spoiled' | 'expired' | 'lost'; readonly problem: string },
): Promise<TidemarkError> {
  const { source, about, jobs, report } = asked;
  const failed = await jobs.end(job.id, state, source.sender.reporter.redact(problem));
  if (failed >= jobsAtMost)
    return broken(
      asked,
      `${problem}. ${failed} jobs of this run ended without a document`,
      'Ask the source; the next run starts another job',
    );
  return source.sender.reporter.error('SourceUnavailable', about, problem, 'The engine starts another job', {
    retryAfterMs: everyMs(report),
  });
}

export function everyMs({ poll }: Report): number {
  return parseDuration(poll.every);
}
