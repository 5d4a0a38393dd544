import fc from 'fast-check';
import type { Knex } from 'knex';
import { resolve } from '../../destination/derived/references/resolve';
import { search, searchTimeout } from '../support/search';
import { clubDatabase, clubWith, customers, foundAgain, referenceOf, resolveAll, toCustomer } from './club';

/**
 * Two writers, one of bookings and one of customers, each with a transaction that is open as long as it likes, and a resolver between any two of their
 * statements. What the resolver finds held, it leaves for the next time.
 */
const club = clubWith(toCustomer);
const reference = referenceOf(club);

type Step =
  | { readonly do: 'book'; readonly row: number; readonly id: number | null; readonly email: number | null }
  | { readonly do: 'customer'; readonly row: number; readonly email: number | null }
  | { readonly do: 'hide' | 'show' | 'delete'; readonly table: 'bookings' | 'customers'; readonly row: number }
  | { readonly do: 'end'; readonly table: 'bookings' | 'customers'; readonly how: 'commit' | 'rollback' }
  | { readonly do: 'resolve' };

const row = fc.nat(2);
const email = fc.option(fc.nat(2));
const table = fc.constantFrom('bookings' as const, 'customers' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('book' as const), row, id: fc.option(fc.nat(2)), email }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('customer' as const), row, email }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('hide', 'show', 'delete' as const), table, row }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      table,
      how: fc.constantFrom('commit', 'rollback' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('resolve' as const) }) },
);

let db: Knex;
beforeAll(async () => {
  db = await clubDatabase(club);
});
afterAll(() => db.destroy());

test(
  'whatever two writers and a resolver do at once, each booking has the customer that its row says in the end, as after a rebuild',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        await db.raw('truncate public.club_bookings, public.club_customers');
        await resolveAll(db, reference);
        await play(steps);
        await resolveAll(db, reference);
        const found = await customers(db);
        expect(found).toEqual(await expected());
        expect(await foundAgain(db, reference)).toEqual(found);
      }),
      search(40),
    );
  },
  searchTimeout(180_000),
);

async function play(steps: readonly Step[]): Promise<void> {
  const open = new Map<string, Knex.Transaction>();
  const opened = async (name: string): Promise<Knex.Transaction> => {
    const trx = open.get(name) ?? (await db.transaction());
    open.set(name, trx);
    return trx;
  };
  const end = async (name: string, how: 'commit' | 'rollback') => {
    await open.get(name)?.[how]();
    open.delete(name);
  };
  try {
    for (const one of steps) {
      if (one.do === 'resolve') await resolve(db, reference, () => false, 20);
      else if (one.do === 'end') await end(one.table, one.how);
      else
        await write(
          await opened(one.do === 'book' ? 'bookings' : one.do === 'customer' ? 'customers' : one.table),
          one,
        );
    }
    for (const name of [...open.keys()]) await end(name, 'commit');
  } finally {
    for (const name of [...open.keys()]) await end(name, 'rollback');
  }
}

const address = (which: number | null) => (which === null ? null : `P${which}@x.org`);

async function write(trx: Knex.Transaction, one: Exclude<Step, { do: 'end' | 'resolve' }>): Promise<void> {
  if (one.do === 'book')
    await trx.raw(
      `insert into public.club_bookings (connection_id, external_id, customer_id, email) values ('a', ?, ?, ?)
       on conflict (connection_id, external_id) do update set customer_id = excluded.customer_id, email = excluded.email`,
      [`${one.row}`, one.id, address(one.email)],
    );
  else if (one.do === 'customer')
    await trx.raw(
      `insert into public.club_customers (connection_id, external_id, email) values ('a', ?, ?)
       on conflict (connection_id, external_id) do update set email = excluded.email`,
      [`${one.row}`, address(one.email)?.toLowerCase() ?? null],
    );
  else if (one.do === 'delete')
    await trx.raw(`delete from public.club_${one.table} where connection_id = 'a' and external_id = ?`, [`${one.row}`]);
  else
    await trx.raw(
      `update public.club_${one.table} set deleted_at = ${one.do === 'hide' ? 'now()' : 'null'} where connection_id = 'a' and external_id = ?`,
      [`${one.row}`],
    );
}

/** Found apart from the engine. */
async function expected(): Promise<readonly string[]> {
  const all = await db.raw('select * from public.club_bookings');
  const live = await db.raw('select * from public.club_customers where deleted_at is null');
  const lines = all.rows.map((booking: Record<string, string | null>) => {
    const byId = live.rows.filter(
      (one: Record<string, string>) => booking.customer_id !== null && one.external_id === `${booking.customer_id}`,
    );
    const byEmail = live.rows.filter(
      (one: Record<string, string | null>) =>
        booking.email != null && one.email?.toLowerCase() === booking.email.toLowerCase(),
    );
    const matches = byId.length > 0 ? byId : byEmail;
    return `a ${booking.external_id}: ${matches.length === 1 ? matches[0].external_id : '-'}`;
  });
  return lines.sort();
}
