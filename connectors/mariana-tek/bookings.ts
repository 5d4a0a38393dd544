import { z } from 'zod';
import { defineEntity } from '../../schema';
import { reservations } from './bookingReport';
import { bookingSource, classType } from './classification';

const text = z.string().nullish();
const id = z.union([z.string(), z.number()]);
/** some reports write booleans as text */
const flag = z.union([z.boolean(), z.string()]).nullish();

const record = z.looseObject({
  id,
  type: text,
  status: z.string(),
  createdAt: text,
  updatedAt: text,
  cancelledAt: text,
  guest: text,
  guestEmail: text,
  creditOrigin: text,
  credit: text,
  package: text,
  membership: text,
  contract: text,
  classId: id.nullish(),
  classDate: z.string(),
  classTime: text,
  classTags: text,
  classIsFree: flag,
  className: text,
  classCategory: text,
  location: text,
  instructors: text,
  customerId: id.nullish(),
  customerEmail: text,
  customerName: text,
  broker: text,
  spot: id.nullish(),
  deferredRevenue: z.union([z.number(), z.string()]).nullish(),
});

/** How far back the whole report is read. */
const horizon = '90d';

/**
 * The bookings of a brand, from its report of reservations, which has what the list of reservations lacks: how a booking was paid for, and
 * its deferred revenue. It knows the day of a class and not when a booking was changed: a delta reads the last week, and a
 * reconciliation the last 90 days. A booking appears on the day after its class.
 */
export const bookings = defineEntity({
  name: 'bookings',
  record,
  row: z.object({
    customer_id: z.string().nullable(),
    customer_email: z.string().nullable(),
    customer_name: z.string().nullable(),
    guest_name: z.string().nullable(),
    class_session_id: z.string().nullable(),
    class_date: z.iso.date(),
    class_time: z.string().nullable(),
    class_name: z.string().nullable(),
    class_type: z.string(),
    location: z.string().nullable(),
    instructors: z.string().nullable(),
    reservation_type: z.string().nullable(),
    status: z.string(),
    booking_source: z.string(),
    spot: z.string().nullable(),
    /** when revenue counts as earned; what was paid is the sale price of an order */
    deferred_revenue: z.string().meta({ column: 'numeric' }).nullable(),
    booked_at: z.iso.datetime({ offset: true }).nullable(),
    cancelled_at: z.iso.datetime({ offset: true }).nullable(),
  }),
  key: 'id',
  deltaSyncField: { name: 'updatedAt', kind: 'instant' },
  listings: {
    all: { ...reservations(horizon), covers: { field: 'class_date', from: horizon, to: 'today' } },
    changes: {
      ...reservations(),
      since: { form: 'date', timeZone: 'connection', boundary: 'inclusive', field: 'classDate' },
    },
  },
  // a guest has no id: the e-mail address alone says whether it is a customer
  references: {
    customer: {
      entity: 'customers',
      by: [
        { mine: 'customer_id', theirs: 'external_id' },
        { mine: 'customer_email', theirs: 'email', normalise: 'email' },
      ],
    },
  },
  lookback: '7d',
  supportsWebhooks: false,
  schedule: { delta: { every: '1h' }, reconciliation: { at: '04:00' } },
  map: (row) => {
    const isFree = isTrue(row.classIsFree);
    return {
      customer_id: textOf(row.customerId),
      // the customer's, else the guest's
      customer_email: row.customerEmail ?? row.guestEmail ?? null,
      customer_name: row.customerName ?? null,
      guest_name: row.guest ?? null,
      class_session_id: textOf(row.classId),
      class_date: row.classDate,
      class_time: row.classTime ?? null,
      class_name: row.className ?? null,
      class_type: classType({ name: row.className, category: row.classCategory, tags: row.classTags, isFree }),
      location: row.location ?? null,
      instructors: row.instructors ?? null,
      reservation_type: row.type ?? null,
      status: row.status,
      booking_source: bookingSource({ ...row, isFree }),
      spot: textOf(row.spot),
      deferred_revenue: textOf(row.deferredRevenue),
      booked_at: row.createdAt ?? null,
      cancelled_at: row.cancelledAt ?? null,
    };
  },
});

function textOf(value: string | number | null | undefined): string | null {
  return value == null || value === '' ? null : String(value);
}

function isTrue(value: boolean | string | null | undefined): boolean | null {
  if (typeof value !== 'string') return value ?? null;
  return value.toLowerCase() === 'true';
}
