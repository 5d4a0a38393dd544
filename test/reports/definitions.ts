import type { ListingInput } from '../../schema/definition/listings/listing';

type ReportInput = NonNullable<ListingInput['report']>;

const fields = { id: ['Row ID', 'Row Id'], name: 'Name', date: 'Day' };

/** The shape of Mariana Tek's reports. `range`: placeholders for the parameters `from` and `to`. */
export function cappedReport({
  range,
  ...changes
}: Partial<ReportInput> & { readonly range?: Record<string, string> } = {}): ListingInput {
  const query = { slug: 'orders', ...range };
  return {
    path: '/data',
    query,
    paging: { scheme: 'none' },
    records: 'data.attributes.rows',
    tabular: { headers: 'data.attributes.headers', fields },
    report: {
      capped: { path: 'data.attributes.max_results_exceeded', is: true },
      start: { path: '/async', query },
      job: 'data.0.id',
      poll: {
        request: { path: '/status', query: { id: '{job}' } },
        status: 'data.status',
        pending: ['processing'],
        done: ['complete'],
        failed: ['failed', 'error'],
        reason: 'data.error',
        every: '1s',
      },
      link: { at: 'data.s3_link', hosts: ['127.0.0.1', '*.s3.example.com'] },
      document: { format: 'json', records: 'rows', tabular: { headers: 'headers', fields }, total: 'total_records' },
      life: '1h',
      ...changes,
    },
  };
}

/** A job started by POST, a third request for the address of its document, gzipped CSV. */
export function postedReport(changes: Partial<ReportInput> = {}): ListingInput {
  return {
    path: '/reports',
    method: 'POST',
    body: { reportType: 'ORDERS' },
    paging: { scheme: 'none' },
    report: {
      job: 'reportId',
      poll: {
        request: { path: '/reports/{job}' },
        status: 'processingStatus',
        pending: ['IN_QUEUE', 'IN_PROGRESS'],
        done: ['DONE'],
        failed: ['FATAL', 'CANCELLED'],
        every: '1s',
      },
      link: {
        document: 'reportDocumentId',
        request: { path: '/documents/{document}' },
        at: 'url',
        compression: { path: 'compressionAlgorithm', is: 'GZIP' },
        hosts: ['127.0.0.1'],
      },
      document: { format: 'csv', tabular: { fields } },
      life: '1h',
      ...changes,
    },
  };
}
