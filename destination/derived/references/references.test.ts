import type { Knex } from 'knex';
import {
  clubDatabase,
  clubWith,
  customers,
  foundAgain,
  referenceOf,
  resolveAll,
  toCustomer,
} from '../../../test/derived/club';
import { figures, rollupOf, settle } from '../../../test/derived/shop';
import { ensureDerived } from '../ensureDerived';
import { resolve } from './resolve';

const club = clubWith(toCustomer);
const reference = referenceOf(club);
let db: Knex;

beforeAll(async () => {
  db = await clubDatabase(club);
});
afterAll(() => db.destroy());
beforeEach(async () => {
  await db.raw('truncate public.club_bookings, public.club_customers');
  await resolveAll(db, reference);
});

const book = (id: string, customerId: number | null, email: string | null, connection = 'a', by: Knex = db) =>
  by.raw(
    `insert into public.club_bookings (connection_id, external_id, booked_on, customer_id, email) values (?, ?, '2026-03-01', ?, ?)`,
    [connection, id, customerId, email],
  );
const customer = (id: string, email: string | null, connection = 'a', by: Knex = db) =>
  by.raw('insert into public.club_customers (connection_id, external_id, email) values (?, ?, ?)', [
    connection,
    id,
    email,
  ]);
const found = async () => {
  await resolveAll(db, reference);
  return customers(db);
};

test('the row that is referred to may arrive before or after, and is found by id before e-mail', async () => {
  await book('b1', 5, 'ann@x.org');
  await customer('9', ' Ann@X.org ');
  expect(await found()).toEqual(['a b1: 9']);
  await customer('5', null);
  expect(await found()).toEqual(['a b1: 5']);
  await book('b2', null, 'ANN@x.org');
  expect(await found()).toEqual(['a b1: 5', 'a b2: 9']);
});

test('a changed e-mail address, a soft delete, a revival and a delete of either row are followed', async () => {
  await book('b1', null, 'ann@x.org');
  await customer('9', 'ann@x.org');
  const after = async (sql: string) => {
    await db.raw(sql);
    return found();
  };
  expect(await found()).toEqual(['a b1: 9']);
  expect(await after(`update public.club_customers set email = 'new@x.org'`)).toEqual(['a b1: -']);
  expect(await after(`update public.club_bookings set email = 'new@x.org'`)).toEqual(['a b1: 9']);
  expect(await after('update public.club_customers set deleted_at = now()')).toEqual(['a b1: -']);
  expect(await after('update public.club_customers set deleted_at = null')).toEqual(['a b1: 9']);
  expect(await after(`update public.club_customers set external_id = '10'`)).toEqual(['a b1: 10']);
  expect(await after('update public.club_bookings set email = null')).toEqual(['a b1: -']);
  expect(await after(`update public.club_bookings set customer_id = 10`)).toEqual(['a b1: 10']);
  expect(await after('truncate public.club_customers')).toEqual(['a b1: -']);
});

test('where several rows match, none is taken, until one is left', async () => {
  await customer('1', 'ann@x.org');
  await customer('2', 'ANN@x.org');
  await book('b1', null, 'ann@x.org');
  expect(await found()).toEqual(['a b1: -']);
  await db.raw(`update public.club_customers set deleted_at = now() where external_id = '1'`);
  expect(await found()).toEqual(['a b1: 2']);
});

test('rows of another connection, and empty text, match nothing', async () => {
  await customer('1', 'ann@x.org', 'b');
  await customer('2', '  ');
  await book('b1', null, 'ann@x.org');
  await book('b2', null, ' ');
  expect(await found()).toEqual(['a b1: -', 'a b2: -']);
});

test('a booking and its customer that are written at once find each other', async () => {
  const [one, two] = [await db.transaction(), await db.transaction()];
  await book('b1', null, 'ann@x.org', 'a', one);
  await customer('9', 'ann@x.org', 'a', two);
  await one.commit();
  await resolveAll(db, reference);
  await two.commit();
  expect(await found()).toEqual(['a b1: 9']);
});

test('a reference that is found marks the day of a roll-up that reads it, and writes nothing else of the row', async () => {
  const rollup = rollupOf(club);
  await book('b1', null, 'ann@x.org');
  await settle(db, rollup);
  expect(await figures(db, rollup)).toEqual(['(a,2026-03-01,1,0)']);
  const synced = async () => (await db.raw('select synced_at, _written_by from public.club_bookings')).rows;
  const before = await synced();
  await customer('9', 'ann@x.org');
  await resolveAll(db, reference);
  await settle(db, rollup);
  expect(await figures(db, rollup)).toEqual(['(a,2026-03-01,1,1)']);
  expect(await synced()).toEqual(before);
});

test('rows that another transaction holds keep their marks, and other connections do not wait', async () => {
  await book('b1', null, 'ann@x.org');
  await book('b1', null, 'ann@x.org', 'b');
  await resolveAll(db, reference);
  await customer('9', 'ann@x.org');
  await customer('9', 'ann@x.org', 'b');
  const user = await db.transaction();
  await user.raw(`select from public.club_bookings where connection_id = 'a' for update`);
  expect(await resolve(db, reference, () => false, 50)).toEqual({ changed: 1, blocked: ['a'] });
  await user.rollback();
  expect(await found()).toEqual(['a b1: 9', 'b b1: 9']);
});

test('a changed definition has every row found again', async () => {
  await customer('9', 'ann@x.org');
  await book('b1', 9, 'other@x.org');
  expect(await found()).toEqual(['a b1: 9']);
  const byEmail = clubWith({ customer: { entity: 'customers', by: [{ mine: 'email', theirs: 'email' }] } });
  await ensureDerived(db, byEmail);
  await resolveAll(db, referenceOf(byEmail));
  expect(await customers(db)).toEqual(['a b1: -']);
  await ensureDerived(db, club);
  expect(await found()).toEqual(['a b1: 9']);
});

test('marks hold no e-mail address, and no text is too long for them', async () => {
  await customer('9', `${'a'.repeat(9_000)}@x.org`);
  await customer('10', 'ann@x.org');
  const { rows } = await db.raw(`select m::text as mark from tidemark.reference_marks m order by m::text`);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ mark }: { mark: string }) => mark.includes('x.org'))).toEqual([]);
});

test('a rebuild from nothing gives the same', async () => {
  for (let i = 0; i < 12; i++) {
    await customer(`${i}`, `p${i % 7}@x.org`);
    await book(`b${i}`, i % 3 ? null : i, `P${i % 9}@x.org`, i % 5 ? 'a' : 'b');
  }
  const before = await found();
  expect(before.filter((one) => !one.endsWith('-')).length).toBeGreaterThan(2);
  expect(await foundAgain(db, reference)).toEqual(before);
});
