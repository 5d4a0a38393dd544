import type { Attributes, SeedTimes } from '../../simulator/collection';
import { hash, pick } from '../../simulator/hash';

/** Seeded people and donations begin with these ids: above the small numbers that people type by hand in tests. */
export const firstPersonId = 10_000_001;
export const firstDonationId = 50_000_001;

const seedStart = Date.UTC(2015, 0, 1) / 1000;
const seedEnd = Date.UTC(2025, 11, 31) / 1000;

/** Created evenly over eleven years, updated at some instant since. */
export function seedTimes(count: number): SeedTimes {
  const created = (n: number) => seedStart + Math.floor(((seedEnd - seedStart) * n) / Math.max(1, count));
  return { created, updated: (n) => created(n) + Math.floor((seedEnd - created(n)) * (hash(n, 1) / 2 ** 32)) };
}

const femaleNames = ['Ada', 'Beatriz', 'Chloë', 'Dorothea', 'Esi', 'Fumiko', 'Grace', 'Hanna', 'Ines', 'Joy'] as const;
const maleNames = ['Abel', 'Björn', 'Caleb', 'Diego', 'Elias', 'Femi', 'Gene', 'Henri', 'Isaac', 'Jonas'] as const;
const lastNames = [
  'Abernathy',
  'Brandt',
  'Castillo',
  'Dubois',
  "O'Neill",
  'Fischer',
  'Garcia',
  'Hughes',
  'Ivanova',
  'Jansen',
  'Kim',
  'Łukasik',
  'Müller',
  'Nakamura',
  'Okafor',
  'Parm',
] as const;
const memberships = ['Member', 'Regular Attender', 'Visitor', 'Participant', null] as const;

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** Attributes of person n without the two timestamps, as in the example object of the Person page. */
export function seedPerson(n: number): Attributes {
  const female = hash(n, 2) % 2 === 0;
  const child = hash(n, 3) % 5 === 0;
  const inactive = hash(n, 4) % 20 === 0;
  const bornYearsAgo = child ? 1 + (hash(n, 5) % 12) : 18 + (hash(n, 5) % 70);
  const firstName = female ? pick(femaleNames, n, 6) : pick(maleNames, n, 6);
  const lastName = pick(lastNames, n, 7);
  return {
    accounting_administrator: false,
    anniversary: null,
    avatar: `https://avatars.planningcenteronline.com/uploads/initials/${firstName.charAt(0)}${lastName.charAt(0)}.png`,
    birthdate: hash(n, 8) % 4 === 0 ? null : day(seedEnd - bornYearsAgo * 31_556_952 - (hash(n, 9) % 31_000_000)),
    can_create_forms: false,
    can_email_lists: false,
    child,
    demographic_avatar_url: `https://avatars.planningcenteronline.com/uploads/initials/${firstName.charAt(0)}${lastName.charAt(0)}.png`,
    directory_status: 'no_access',
    first_name: firstName,
    gender: hash(n, 10) % 8 === 0 ? null : female ? 'F' : 'M',
    given_name: null,
    grade: child && bornYearsAgo > 5 ? bornYearsAgo - 5 : null,
    graduation_year: null,
    inactivated_at: inactive ? new Date(seedEnd * 1000).toISOString().replace('.000', '') : null,
    last_name: lastName,
    login_identifier: null,
    medical_notes: null,
    membership: pick(memberships, n, 11),
    middle_name: null,
    nickname: null,
    passed_background_check: hash(n, 12) % 6 === 0,
    people_permissions: null,
    remote_id: hash(n, 13) % 3 === 0 ? 900_000 + n : null,
    resource_permission_flags: { can_access_workflows: false },
    school_type: null,
    site_administrator: false,
    status: inactive ? 'inactive' : 'active',
  };
}

const methods = ['card', 'ach', 'cash', 'check'] as const;
const brands = ['Visa', 'Mastercard', 'American Express', 'Discover'] as const;

/** Attributes of donation n without created_at and updated_at, as in the example object of the Donation page. */
export function seedDonation(n: number, createdAt: number): Attributes {
  const method = pick(methods, n, 21);
  const status = hash(n, 22) % 25 === 0 ? 'pending' : hash(n, 22) % 60 === 1 ? 'failed' : 'succeeded';
  const amount = 500 + (hash(n, 23) % 500) * 100;
  const received = new Date(createdAt).toISOString().replace(/\.\d+/, '');
  return {
    amount_cents: amount,
    amount_currency: 'USD',
    completed_at: status === 'succeeded' ? received : null,
    fee_cents: method === 'card' ? -Math.round(amount * 0.0215 + 30) : 0,
    fee_covered: method === 'card' && hash(n, 24) % 2 === 0,
    fee_currency: 'USD',
    payment_brand: method === 'card' ? pick(brands, n, 25) : null,
    payment_check_dated_at: method === 'check' ? received.slice(0, 10) : null,
    payment_check_number: method === 'check' ? 100 + (hash(n, 26) % 9900) : null,
    payment_last4: method === 'card' || method === 'ach' ? String(1000 + (hash(n, 27) % 9000)) : null,
    payment_method: method,
    payment_method_sub: method === 'card' ? (hash(n, 28) % 2 === 0 ? 'credit' : 'debit') : null,
    payment_status: status,
    received_at: received,
    refundable: false,
    refunded: status === 'succeeded' && hash(n, 29) % 80 === 0,
  };
}

/** The donor of donation n, or null for an anonymous gift (one in twenty). */
export function seedDonor(n: number, people: number): string | null {
  return people === 0 || hash(n, 30) % 20 === 0 ? null : String(firstPersonId + (hash(n, 31) % people));
}
