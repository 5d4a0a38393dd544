import { hash, pick } from '../../simulator/hash';
import type { Kind, Stored } from './records';

/** The ids of seeded records begin here, the same in each brand: an id means something only together with its brand. */
export const firstIds: Readonly<Record<Kind, number>> = {
  users: 10_001,
  class_sessions: 30_001,
  reservations: 500_001,
  orders: 700_001,
  membership_instances: 900_001,
};

export interface SeedSizes {
  readonly customers: number;
  readonly bookings: number;
}

/** How many days of classes there are before the day of the seed, and after it. */
export const daysBefore = 60;
export const daysAfter = 7;
const dayMs = 24 * 60 * 60 * 1000;

const firstNames = ['Ada', 'Ben', 'Chloe', 'Dario', 'Elif', 'Femi', 'Grace', 'Hugo', 'Ines', 'Jun'] as const;
const lastNames = ['Adler', 'Brook', 'Castro', 'Diallo', 'Evans', 'Ferrari', 'Ghosh', 'Hansen', 'Ito'] as const;
const classTypes = ['Ride 45', 'Ride 60', 'Strength', 'Private Ride', 'Community Ride', 'Stream: Core'] as const;
const rooms = ['Harbour', 'Old Town'] as const;

/** How a booking is paid for, as the columns of the report show it. */
const payments = ['membership', 'package', 'broker', 'free', 'credit', 'none'] as const;
export type Payment = (typeof payments)[number];

/** Everything of a brand on `day`, the start of a day in UTC. */
export function* seeded(
  { customers, bookings }: SeedSizes,
  day: number,
  salt: number,
): Generator<readonly [Kind, Stored]> {
  const sessions = Math.max(daysBefore + daysAfter, Math.ceil(bookings / 12));
  for (let n = 0; n < customers; n++) yield ['users', user(n, day, salt)];
  for (let n = 0; n < sessions; n++) yield ['class_sessions', session(n, day, salt)];
  for (let n = 0; n < bookings; n++) yield ['reservations', reservation(n, { customers, sessions, day, salt })];
  for (let n = 0; n < Math.ceil(bookings / 4); n++) yield ['orders', order(n, customers, day, salt)];
  for (let n = 0; n < Math.ceil(customers / 3); n++) yield ['membership_instances', membership(n, day, salt)];
}

const idOf = (kind: Kind, n: number): string => String(firstIds[kind] + n);
const date = (at: number): string => new Date(at).toISOString().slice(0, 10);
const second = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
const money = (cents: number): string => (cents / 100).toFixed(2);
const ago = (day: number, n: number, salt: number): number => day - (hash(n, salt) % (daysBefore * 24 * 60)) * 60_000;

export const emailOf = (n: number, salt: number): string => `customer${n}.${salt}@example.com`;

function user(n: number, day: number, salt: number): Stored {
  const joined = ago(day, n, salt + 1);
  return {
    id: idOf('users', n),
    attributes: {
      email: emailOf(n, salt),
      first_name: pick(firstNames, n, salt),
      last_name: pick(lastNames, n, salt + 1),
      phone_number: n % 5 === 4 ? null : `+1555${String(1_000_000 + n)}`,
      birth_date: n % 3 === 0 ? null : `19${60 + (n % 40)}-0${1 + (n % 9)}-1${n % 10}`,
      city: pick(rooms, n, salt),
      account_balance: hash(n, salt) % 50,
      archived_at: null,
    },
    relationships: {},
    updatedAt: joined,
  };
}

function session(n: number, day: number, salt: number): Stored {
  const start = day + ((n % (daysBefore + daysAfter)) - daysBefore) * dayMs + (6 + (n % 12)) * 60 * 60 * 1000;
  const type = pick(classTypes, n, salt);
  return {
    id: idOf('class_sessions', n),
    attributes: {
      start_date: date(start),
      start_time: new Date(start).toISOString().slice(11, 19),
      start_datetime: second(start),
      end_datetime: second(start + 45 * 60_000),
      class_type_display: type,
      location_display: pick(rooms, n, salt),
      instructor_names: [`${pick(firstNames, n, salt + 2)} ${pick(lastNames, n, salt + 3)}`],
      capacity: 24,
      standard_reservation_user_count: 12,
      public: !type.startsWith('Private'),
      is_free_class: type.startsWith('Community'),
      cancellation_datetime: null,
      archived_at: null,
    },
    relationships: {},
    updatedAt: start - 14 * dayMs,
  };
}

interface Around {
  readonly customers: number;
  readonly sessions: number;
  readonly day: number;
  readonly salt: number;
}

function reservation(n: number, { customers, sessions, day, salt }: Around): Stored {
  const slot = n % sessions;
  const start = day + ((slot % (daysBefore + daysAfter)) - daysBefore) * dayMs;
  const owner = hash(n, salt) % Math.max(1, customers);
  const payment = pick(payments, n, salt + 4);
  // a guest has no customer id: the e-mail address alone says whether it is a customer
  const isGuest = n % 9 === 8;
  const created = start - (1 + (hash(n, salt + 5) % 5)) * dayMs;
  const changed = created + (hash(n, salt + 6) % (36 * 60)) * 60_000;
  return {
    id: idOf('reservations', n),
    attributes: {
      reservation_type: 'standard',
      status: pick(['check in', 'check in', 'check in', 'penalty no show', 'standard cancel'], n, salt),
      creation_date: second(created),
      cancel_date: null,
      check_in_date: null,
      guest_name: isGuest ? `Guest ${n}` : null,
      guest_email: isGuest ? emailOf(owner, salt) : null,
      reserved_for_guest: isGuest,
      payment,
      deferred_revenue: payment === 'package' || payment === 'membership' ? money(900 + (hash(n, salt) % 1500)) : null,
    },
    relationships: {
      class_session: { type: 'class_sessions', id: idOf('class_sessions', slot) },
      ...(isGuest ? {} : { user: { type: 'users', id: idOf('users', owner) } }),
    },
    updatedAt: Math.min(changed, day - 60_000),
  };
}

function order(n: number, customers: number, day: number, salt: number): Stored {
  const placed = ago(day, n, salt + 8);
  const refunded = n % 20 === 19;
  const total = 1_800 + (hash(n, salt) % 20_000);
  return {
    id: idOf('orders', n),
    attributes: {
      number: `A${100_000 + n}`,
      status: refunded ? 'Refunded' : 'Completed',
      date_placed: second(placed),
      currency: 'USD',
      net_total: money(total),
      total_amount_refunded: money(refunded ? total : 0),
    },
    relationships: { user: { type: 'users', id: idOf('users', hash(n, salt + 9) % Math.max(1, customers)) } },
    updatedAt: placed,
  };
}

function membership(n: number, day: number, salt: number): Stored {
  const start = ago(day, n, salt + 10);
  return {
    id: idOf('membership_instances', n),
    attributes: {
      membership_name: pick(['Unlimited', 'Four a month', 'Intro month'], n, salt),
      status: pick(['active', 'active', 'cancelled', 'payment_failure', 'done'], n, salt),
      start_date: date(start),
      end_date: null,
      cancellation_datetime: null,
      renewal_rate: money(4_900 + (n % 3) * 5_000),
      renewal_currency: 'USD',
      payment_interval: 'MO',
      is_intro_offer: n % 3 === 2,
    },
    relationships: { user: { type: 'users', id: idOf('users', n * 3) } },
    updatedAt: start,
  };
}
