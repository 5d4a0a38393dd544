import { z } from 'zod';
import { duration } from '../../duration';
import { zone } from '../zone';
import { tabular } from './tabular';
import { valueIs } from './valueIs';

const name = z.string().min(1);
const text = z.union([z.string(), z.number(), z.boolean()]);
const states = z.array(text);

/**
 * One request of a report, as in a listing. In the request that starts the job `{partition}`, `{since}` and `{until}` are replaced; `{job}`
 * is the job's id, and `{document}` the document's.
 * @example
 * { path: '/reports', query: { slug: 'orders' }, headers: { 'X-Api-Version': '2026-01' }, method: 'POST', body: { from: '{since}', to: '{until}' } }
 */
export const reportRequest = z.strictObject({
  /** The path of the request, appended to the connection's `baseUrl`. */
  path: z.string().startsWith('/'),
  /** Its query parameters. */
  query: z.record(z.string(), text).optional(),
  /** Its headers, in addition to those of the connector. */
  headers: z.record(z.string(), z.string()).optional(),
  /** `GET` or `POST`. A request that starts a job is sent once, whatever its method. */
  method: z.enum(['GET', 'POST']).default('GET'),
  /** What a `POST` sends as JSON. */
  body: z.json().optional(),
});
export type ReportRequest = z.infer<typeof reportRequest>;

/**
 * How the state of a job is asked. A state that is in none of the lists fails the run, and no further job is started meanwhile.
 * @example
 * {
 *   request: { path: '/reports/{job}' },
 *   status: 'processingStatus',
 *   pending: ['IN_QUEUE', 'IN_PROGRESS'],
 *   done: ['DONE'],
 *   empty: ['CANCELLED'],
 *   failed: ['FATAL'],
 *   reason: 'message',
 *   total: 'rowCount',
 *   unknown: [404, 410],
 *   every: '15s',
 *   patience: '2h',
 * }
 */
export const reportPoll = z.strictObject({
  /** The request, with `{job}` in the place of the job's id. */
  request: reportRequest,
  /** Path in the body to the job's state. */
  status: name,
  /** The states of a job that is not done yet. */
  pending: states.min(1),
  /** The states of a job whose document can be downloaded. */
  done: states.min(1),
  /** The states that mean that there are no records. Without them, no state does. */
  empty: states.default([]),
  /** The states of a job that has no document and never will. Up to three jobs are started one after another, then the run fails. */
  failed: states.default([]),
  /** Path in the body to the reason of a failure, shown in the run's error. */
  reason: name.optional(),
  /** Path in the body to the number of rows of the document, which must be the number read. */
  total: name.optional(),
  /** The statuses by which the source says that it does not know the job. In the first minute after its start they mean "not yet". */
  unknown: z.array(z.int().min(400).max(499)).default([404, 410]),
  /** How often the state is asked, at first; later up to once a minute. */
  every: duration.default('5s'),
  /** How long a job may be pending before the run fails. The next run asks for the same job again. */
  patience: duration.default('2h'),
});

/**
 * Where the document's address is: in the response of the poll, or in that of a further request. The address is used without the connection's
 * credentials and is kept in memory only; each attempt requests a fresh one.
 * @example
 * {
 *   document: 'reportDocumentId',
 *   request: { path: '/documents/{document}' },
 *   at: 'url',
 *   compression: { path: 'compressionAlgorithm', is: 'GZIP' },
 *   hosts: ['*.s3.amazonaws.com'],
 * }
 */
export const reportLink = z.strictObject({
  /** Path in the poll's body to the id of the document, where a further request needs it. */
  document: name.optional(),
  /** The further request, with `{document}` or `{job}`. Without it, the poll's body contains the address. */
  request: reportRequest.optional(),
  /** Path in the body to the address. */
  at: name,
  /** The value in the same body that says that the document is compressed with gzip. A document that is sent as gzip is recognised anyway. */
  compression: valueIs.optional(),
  /** The hosts that a document may come from, redirects included: `files.example.com`, or `*.example.com` for every host below it. */
  hosts: z
    .array(z.string().regex(/^(\*\.)?[a-z0-9.:[\]-]+$/, { error: 'a host in lower case, such as *.example.com' }))
    .min(1),
});

/**
 * The headers of a document's rows, as in a listing.
 * @example
 * { headers: 'headers', headerName: 'label', fields: { order: ['Order Number', 'Order No.'], location: 'Location' }, optional: ['location'], others: ['Currency'] }
 */
export const documentTable = tabular.extend({
  /** Of `json`: path in the document to the list of headers. Leave it out for `csv` and `tsv`. */
  headers: z.string().default(''),
});

/**
 * What the document holds. Its end must be proved, by the end of its JSON, by the checksum of gzip, or by a total.
 * @example
 * {
 *   format: 'json',
 *   records: 'rows',
 *   tabular: { headers: 'headers', fields: { order: 'Order Number' } },
 *   total: 'total_records',
 *   delimiter: ',',
 * }
 */
export const reportDocument = z.strictObject({
  /** `json`: one JSON text; `ndjson`: a JSON record per line; `csv`, `tsv`: a line of headers, then a row per line. UTF-8. */
  format: z.enum(['json', 'ndjson', 'csv', 'tsv']),
  /** Of `json`: path to the list of records or rows. The empty path is the document itself. */
  records: z.string().default(''),
  /** The headers of rows. Required for `csv` and `tsv`, whose first line they are; in `json` they must come before the rows. */
  tabular: documentTable.optional(),
  /** Of `json`: path to the number of records, which must be the number read. */
  total: name.optional(),
  /** Of `csv`: what separates two values. Default: a comma. */
  delimiter: z.string().min(1).max(3).optional(),
});
export type ReportDocument = z.infer<typeof reportDocument>;

/**
 * The range that a report is asked for, as `{since}` and `{until}`. In `changes`, `{since}` is the cursor. In `all` and `ids`, declare the
 * range in `covers` too, since a row outside of it is not deleted because the report lacks it.
 * @example
 * { field: 'transactionDate', form: 'date', timeZone: 'connection', from: '365d', to: 'today' }
 */
export const reportWindow = z.strictObject({
  /** Path in a record to the date or instant that the range is about. A page with more records outside of it than inside fails the run. */
  field: name,
  /** How the source writes the ends of the range. */
  form: z.enum(['date', 'iso-seconds', 'iso-milliseconds']),
  /** The zone of dates and of times without one: a name, or `connection` for that of the connection. */
  timeZone: zone,
  /** How long before the request the range of `all` begins. */
  from: duration.optional(),
  /** `today` where the source has no records of the present day: `{until}` is then the day before, or its end. Default: the present. */
  to: z.literal('today').optional(),
});
export type ReportWindow = z.infer<typeof reportWindow>;

/**
 * How the source finds a job whose start was not answered. A job counts as ours only where every value of `same` is equal and it was
 * created no earlier than our request was sent.
 * @example
 * { request: { path: '/reports', query: { limit: 100 } }, jobs: 'reports', job: 'reportId', created: 'createdTime', same: { reportType: 'ORDERS', from: '{since}' } }
 */
export const reportSearch = z.strictObject({
  /** The request for the jobs that there are. */
  request: reportRequest,
  /** Path in the body to the list of jobs. */
  jobs: z.string(),
  /** Path in a job to its id. */
  job: name,
  /** Path in a job to the instant at which it was created. */
  created: name,
  /** By path in a job, the value that it must have, with `{partition}`, `{since}` and `{until}` as in the start. */
  same: z.record(name, z.string()),
});

/**
 * A list that the source makes as a job: start, poll, link, download. Where `capped` is declared, the listing's own request is answered at
 * once and the job is started only if that answer is not the whole. Otherwise the listing's own request starts the job. The listing
 * has `paging: { scheme: 'none' }`.
 * @example
 * {
 *   capped: { path: 'data.max_results_exceeded', is: true },
 *   start: { path: '/async_report', query: { slug: 'orders', min_date: '{since}' } },
 *   job: 'data.0.id',
 *   running: [409],
 *   find: { request: { path: '/jobs' }, jobs: 'data', job: 'id', created: 'created_at', same: { slug: 'orders' } },
 *   poll: { request: { path: '/job_status?id={job}' }, status: 'data.status', pending: ['processing'], done: ['complete'] },
 *   link: { at: 'data.s3_link', hosts: ['*.s3.amazonaws.com'] },
 *   document: { format: 'json', records: 'rows', total: 'total_records' },
 *   window: { field: 'date', form: 'date', timeZone: 'connection', to: 'today' },
 *   life: '24h',
 * }
 */
export const report = z.strictObject({
  /**
   * How an answer at once shows that it is not the whole: a value in the body, a number of records (`{ records: 500 }`), or `total`, where
   * the listing's total is larger than what came.
   */
  capped: z.union([valueIs, z.strictObject({ records: z.int().min(1) }), z.literal('total')]).optional(),
  /** The request that starts the job, where `capped` is declared. */
  start: reportRequest.optional(),
  /** Path in the start's body to the id of the job. */
  job: name,
  /** The statuses by which the start says that another job is running. That one is waited for, then ours is started. */
  running: z.array(z.int().min(400).max(499)).default([409]),
  /** How a job is found whose start was not answered. Without it, `life` is waited out before another one is started. */
  find: reportSearch.optional(),
  /** How the state of the job is asked. */
  poll: reportPoll,
  /** Where the address of the document is. */
  link: reportLink,
  /** What the document holds. */
  document: reportDocument,
  /** The range that is asked for. */
  window: reportWindow.optional(),
  /** How long after its start a job may still be alive at the source, or its document be there. */
  life: duration.default('24h'),
});
export type Report = z.infer<typeof report>;

/** The requests of a report next to the listing's own, where they are in it, and which placeholders the engine fills in each. */
export function requestsOf({
  start,
  poll,
  link,
  find,
}: Report): readonly (readonly [at: string, request: ReportRequest, fills: readonly string[]])[] {
  const range = ['since', 'until'];
  const all = [
    ['start', start, range],
    ['poll.request', poll.request, ['job']],
    ['link.request', link.request, ['document', 'job']],
    ['find.request', find?.request, range],
  ] as const;
  return all.flatMap(([at, request, fills]) =>
    request === undefined ? [] : [[`report.${at}`, request, fills] as const],
  );
}
