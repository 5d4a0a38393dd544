import type { Attributes } from '../../simulator/collection';
import type { Brand, Edition } from './brand';
import type { Kind, Stored } from './records';

/** What a cell of a report may be. */
export type Cell = string | number | boolean | null;

/** A report: its slug, which is the same in each brand, and its table. */
export interface Report {
  readonly slug: string;
  readonly name: string;
  readonly category: string;
  /** the beginning of its parameters: `min_<filter>`, `max_<filter>`; every other parameter is ignored without a word */
  readonly filter: string;
  readonly headers: readonly string[];
  rows(brand: Brand): Iterable<{ readonly day: string; readonly cells: readonly Cell[] }>;
}

/** The same values under the headers of another edition of the report. */
const renamed: Readonly<Record<string, string>> = {
  'Reservation ID': 'Booking ID',
  'Class Start Date': 'Class Date',
  'Class Start Time': 'Class Time',
  'Customer Email': 'Email Address',
  'Updated Date': 'Last Updated',
  'Deferred Revenue': 'Deferred Revenue (USD)',
  'Instructor Names': 'Instructors',
};

/** The headers of a report in an edition. */
export function headersOf({ headers }: Report, edition: Edition): readonly string[] {
  return edition === 'plain' ? headers : headers.map((header) => renamed[header] ?? header);
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const reservations: Report = {
  slug: 'reservations',
  name: 'Reservations',
  category: 'operations',
  filter: 'start_date_day',
  headers: [
    'Reservation ID',
    'Reservation Type',
    'Status',
    'Creation Date',
    'Updated Date',
    'Cancelled Date',
    'Guest',
    'Guest Email',
    'Credit Payment Origin',
    'Credit',
    'Package',
    'Membership',
    'Contract',
    'Class ID',
    'Class Start Date',
    'Class Start Time',
    'Class Tags',
    'Class Is Free?',
    'Class Type',
    'Class Category',
    'Location',
    'Instructor Names',
    'Customer ID',
    'Customer Email',
    'Customer Name',
    'Broker Name',
    'Spot',
    'Deferred Revenue',
  ],
  *rows(brand) {
    for (const record of brand.all('reservations')) {
      const { attributes: own, id, updatedAt } = record;
      const session = related(brand, record, 'class_session', 'class_sessions');
      const customer = related(brand, record, 'user', 'users');
      const instructors = Array.isArray(session.instructor_names) ? session.instructor_names : [];
      const paid = (by: string, name: string) => (own.payment === by ? name : null);
      const type = text(session.class_type_display);
      yield {
        day: String(session.start_date),
        cells: [
          id,
          text(own.reservation_type),
          text(own.status),
          text(own.creation_date),
          // microseconds and an offset, as the reports of the API have them
          new Date(updatedAt).toISOString().replace('Z', '000+00:00'),
          text(own.cancel_date),
          text(own.guest_name),
          text(own.guest_email),
          paid('package', 'Purchased'),
          paid('credit', 'Comp credit'),
          paid('package', 'Ten rides'),
          paid('membership', 'Unlimited'),
          null,
          record.relationships.class_session?.id ?? null,
          text(session.start_date),
          text(session.start_time),
          null,
          // booleans come as booleans in some reports, and as text in others
          brand.edition === 'plain'
            ? session.is_free_class === true
            : session.is_free_class === true
              ? 'True'
              : 'False',
          type,
          type?.startsWith('Stream') ? 'Online' : 'Studio',
          text(session.location_display),
          instructors.join(', '),
          record.relationships.user?.id ?? null,
          text(customer.email),
          customer.first_name === undefined ? null : `${String(customer.first_name)} ${String(customer.last_name)}`,
          paid('broker', 'ClassPass'),
          String(1 + (Number(id) % 24)),
          text(own.deferred_revenue),
        ],
      };
    }
  },
};

const customersDetails: Report = {
  slug: 'customers-details',
  name: 'Customers (details)',
  category: 'marketing',
  filter: 'join_date_day',
  headers: ['Customer ID', 'Email', 'First Name', 'Last Name', 'Full Name', 'Join Date', 'Phone Number'],
  *rows(brand) {
    for (const { id, attributes, updatedAt } of brand.all('users')) {
      const day = new Date(updatedAt).toISOString().slice(0, 10);
      const { email, first_name: first, last_name: last, phone_number: phone } = attributes;
      const cells = [id, text(email), text(first), text(last), `${String(first)} ${String(last)}`, day, text(phone)];
      yield { day, cells };
    }
  },
};

export const reports: readonly Report[] = [reservations, customersDetails];

/** The attributes of the record that another one refers to; none where it refers to none. */
function related(brand: Brand, { relationships }: Stored, name: string, kind: Kind): Attributes {
  const id = relationships[name]?.id;
  return (id === undefined ? undefined : brand.find(kind, id)?.attributes) ?? {};
}
