import type { ListingInput } from '../../schema';

/**
 * The report of reservations. Its headers are labels for people, which differ between brands and change: the names that are known for each
 * field, the usual one first.
 */
const fields = {
  id: ['Reservation ID', 'Booking ID', 'Reservation Id'],
  type: ['Reservation Type', 'Booking Type'],
  status: ['Status', 'Reservation Status'],
  createdAt: ['Creation Date', 'Created Date'],
  updatedAt: ['Updated Date', 'Last Updated', 'Modified Date'],
  cancelledAt: ['Cancelled Date', 'Canceled Date', 'Cancel Date'],
  guest: ['Guest', 'Guest Name'],
  guestEmail: ['Guest Email'],
  creditOrigin: ['Credit Payment Origin'],
  credit: ['Credit'],
  package: ['Package'],
  membership: ['Membership'],
  contract: ['Contract'],
  classId: ['Class ID', 'Class Session ID'],
  classDate: ['Class Start Date', 'Class Date', 'Start Date'],
  classTime: ['Class Start Time', 'Class Time', 'Start Time'],
  classTags: ['Class Tags'],
  classIsFree: ['Class Is Free?', 'Class Is Free'],
  className: ['Class Type'],
  classCategory: ['Class Category'],
  location: ['Location', 'Class Location'],
  instructors: ['Instructor Names', 'Instructors', 'Instructor Name'],
  customerId: ['Customer ID', 'Customer Id'],
  customerEmail: ['Customer Email', 'Email Address', 'Email'],
  customerName: ['Customer Name', 'Customer'],
  broker: ['Broker Name', 'Broker'],
  spot: ['Spot'],
  deferredRevenue: ['Deferred Revenue', 'Deferred Revenue (USD)', 'Deferred Revenue Amount'],
};

/** Without these a row says nothing; the others may be missing from a brand's report. */
const needed = new Set(['id', 'status', 'updatedAt', 'classDate', 'customerId', 'customerEmail']);
const table = { fields, optional: Object.keys(fields).filter((field) => !needed.has(field)) };

const asked = {
  id: '{reservationsReport}',
  slug: 'reservations',
  page_size: 500,
  // a filter of any other name is ignored without a word: the range in `window` is held against what comes
  min_start_date_day: '{since}',
  max_start_date_day: '{until}',
};

/**
 * The report by the day of the class, never today, which is not complete. At most 500 rows come at once; beyond that, a GET starts a job, whose
 * document is on another host for some minutes. `from`: how long before the request the range begins, unless a cursor says so.
 */
export function reservations(from?: string): ListingInput {
  return {
    path: '/api/table_report_data',
    query: asked,
    paging: { scheme: 'none' },
    records: 'data.attributes.rows',
    tabular: { headers: 'data.attributes.headers', ...table },
    report: {
      capped: { path: 'data.attributes.max_results_exceeded', is: true },
      start: { path: '/api/async_table_report_data', query: asked },
      job: 'data.0.id',
      poll: {
        request: { path: '/api/async_table_report_data/job_status', query: { id: '{job}' } },
        status: 'data.status',
        pending: ['processing'],
        done: ['complete'],
        failed: ['failed', 'error'],
        // jobs of some minutes are usual
        every: '3s',
        patience: '1h',
      },
      // this machine for a simulator that is on it, and for nothing else: a document of a public API may not come from a private address
      link: { at: 'data.s3_link', hosts: ['*.amazonaws.com', '127.0.0.1'] },
      document: { format: 'json', records: 'rows', tabular: { headers: 'headers', ...table }, total: 'total_records' },
      window: { field: 'classDate', form: 'date', timeZone: 'connection', to: 'today', ...(from && { from }) },
      life: '6h',
    },
  };
}
