import type { Attributes, SeedTimes } from '../../simulator/collection';
import { hash, pick } from '../../simulator/hash';
import { unset } from './instant';

/** Customers and contacts of every tenant begin with these ids: two tenants use the same ids for different people. */
export const firstCustomerId = 20_000_001;
export const firstContactId = 60_000_001;

const seedStart = Date.UTC(2016, 0, 1) / 1000;
const seedEnd = Date.UTC(2025, 11, 31) / 1000;

/** Whole seconds, milliseconds or finer, a third of the records each. */
const fraction = (n: number, salt: number) => (hash(n, salt) % 3 === 0 ? 0 : (hash(n, salt + 1) % 999) + 1) / 1000;

/** Created evenly over ten years, changed at some instant since. `salt` is the tenant's. */
export function customerTimes(count: number, salt: number): SeedTimes {
  const created = (n: number) => seedStart + Math.floor(((seedEnd - seedStart) * n) / Math.max(1, count));
  const span = (n: number) => Math.floor((seedEnd - created(n)) * (hash(n, salt + 1) / 2 ** 32));
  return { created, updated: (n) => created(n) + span(n) + fraction(n, salt + 2) };
}

/** Of a contact, one in five hundred has no time of its last change. */
export function contactTimes(owners: ArrayLike<number>, customers: SeedTimes, salt: number): SeedTimes {
  const created = (n: number) => customers.created(owners[n] ?? 0);
  const updated = (n: number) =>
    hash(n, salt + 40) % 500 === 0
      ? unset / 1000
      : created(n) + (hash(n, salt + 41) % 3_000_000) + fraction(n, salt + 42);
  return { created, updated };
}

/** How many contacts seeded customer n has: none for one in ten. */
export function contactCount(n: number, salt: number): number {
  return ([0, 2, 2, 2, 2, 2, 1, 1, 3, 1] as const)[hash(n, salt + 3) % 10] ?? 0;
}

const firstNames = ['Ada', 'Björn', 'Chloë', 'Diego', 'Esi', 'Fumiko', 'Grace', 'Henri', 'Mary Ann', 'Jonas'] as const;
const lastNames = [
  'Abernathy',
  'Brandt',
  'Castillo',
  "O'Neill",
  'Fischer',
  'van der Berg',
  'Hughes',
  'Ivanova',
  'Kim',
  'Müller',
  'Okafor',
  'Parm',
] as const;
const companies = ['Alder Dental', 'Birch & Sons', 'Cedar Court HOA', 'Dogwood Bakery', 'Elm Street School'] as const;
const endings = ['LLC', 'Inc.', 'Co.', ''] as const;
const streets = ['Alder Way', 'Birch Road', 'Cedar Court', 'Dogwood Lane', 'Elm Street'] as const;

/** One in fifty was merged into the customer before it, and is therefore inactive. */
export const isMerged = (n: number): boolean => n % 50 === 17;

/** One in 25 was deactivated by somebody, one in fifty by a merge. */
export const isActive = (n: number, salt: number): boolean => hash(n, salt + 11) % 25 !== 0 && !isMerged(n);

/** Everything about customer n but its times; one in five is commercial. */
export function seedCustomer(n: number, salt: number): Attributes {
  const commercial = hash(n, salt + 5) % 5 === 0;
  const [first, last] = [pick(firstNames, n, salt + 6), pick(lastNames, n, salt + 7)];
  const person = hash(n, salt + 8) % 4 === 0 ? `${last}, ${first}` : `${first} ${last}`;
  const company = `${pick(companies, n, salt + 9)} ${pick(endings, n, salt + 10)}`.trim();
  return {
    active: isActive(n, salt),
    name: commercial ? company : person,
    type: commercial ? 'Commercial' : 'Residential',
    address: {
      street: `${1 + (hash(n, salt + 12) % 9000)} ${pick(streets, n, salt + 13)}`,
      unit: hash(n, salt + 14) % 6 === 0 ? String(1 + (hash(n, salt + 14) % 40)) : null,
      city: 'Springfield',
      state: 'OH',
      zip: String(45_000 + (hash(n, salt + 15) % 600)),
      country: 'USA',
    },
    customFields: [],
    balance: (hash(n, salt + 16) % 8 === 0 ? hash(n, salt + 17) % 100_000 : 0) / 100,
    taxExempt: commercial && hash(n, salt + 18) % 3 === 0,
    tagTypeIds: [],
    doNotMail: false,
    doNotService: false,
    nationalAccount: false,
    createdById: createdIsUnset(n, salt) ? 0 : 7001,
    externalData: hash(n, salt + 19) % 2 === 0 ? null : [],
    ...(isMerged(n) ? { mergedToId: firstCustomerId + n - 1 } : {}),
  };
}

/** Records from before the change to the present system don't have the time at which they were made. */
export const createdIsUnset = (n: number, salt: number): boolean => hash(n, salt + 20) % 500 === 1;

/** Contact number `index` of customer n: a phone, then an e-mail address, then a mobile phone. */
export function seedContact(n: number, index: number, salt: number): Attributes {
  const alone = contactCount(n, salt) === 1;
  const email = index === 1 || (alone && hash(n, salt + 21) % 3 === 0);
  if (email) {
    return {
      type: 'Email',
      value: `customer${firstCustomerId + n}@example.com`,
      memo: null,
      phoneSettings: null,
    };
  }
  const digits = `${200 + (hash(n, salt + 22 + index) % 700)}555${String(100 + (hash(n, salt + 25 + index) % 100)).padStart(4, '0')}`;
  const value = index === 2 ? digits : `(${digits.slice(0, 3)}) ${digits.slice(3, 6)}-${digits.slice(6)}`;
  return {
    type: index === 2 ? 'MobilePhone' : 'Phone',
    value,
    memo: null,
    phoneSettings: { phoneNumber: digits, doNotText: false },
  };
}
