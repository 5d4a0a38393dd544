import type { Knex } from 'knex';
import { z } from 'zod';
import { connectDatabase } from '../../destination/database/database';
import { ensureDerived } from '../../destination/derived/ensureDerived';
import { resolve } from '../../destination/derived/references/resolve';
import { ensureTable } from '../../destination/rows/tables';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { Reference, ReferencesInput } from '../../schema/definition/references';
import { testDatabase } from '../environment';

const unread = {
  key: 'id',
  map: () => {
    throw new Error('nothing is read in this test');
  },
  listings: { all: { path: '/', paging: { scheme: 'none' } } },
  supportsWebhooks: false,
} as const;

export const toCustomer: ReferencesInput = {
  customer: {
    entity: 'customers',
    by: [
      { mine: 'customer_id', theirs: 'external_id' },
      { mine: 'email', theirs: 'email', normalise: 'email' },
    ],
  },
};

/** A connector `club` whose bookings refer to customers, whose source is never asked. */
export function clubWith(references: ReferencesInput): Connector {
  return defineConnector({
    name: 'club',
    settings: z.object({ baseUrl: z.string() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        ...unread,
        name: 'bookings',
        row: z.object({
          booked_on: z.iso.date().nullable(),
          customer_id: z.int().nullable(),
          email: z.string().nullable(),
        }),
        references,
      }),
      defineEntity({ ...unread, name: 'customers', row: z.object({ email: z.string().nullable() }) }),
    ],
    rollups: [
      {
        name: 'daily_customers',
        inputs: { bookings: { days: ['booked_on'] } },
        sql: `select count(*) as bookings, count(distinct ${Object.keys(references)[0] ?? 'external_id'}) as customers from bookings`,
      },
    ],
  });
}

/** A database with connections `a` and `b` of a club, its tables and what it derives. Destroy it afterwards. */
export async function clubDatabase(club: Connector): Promise<Knex> {
  const db = connectDatabase((await testDatabase()).url);
  await db.raw(`insert into tidemark.connections (id, connector, settings, time_zone)
    values ('a', 'club', '{}', 'UTC'), ('b', 'club', '{}', 'UTC')`);
  for (const entity of club.entities.values()) await ensureTable(db, entity);
  await ensureDerived(db, club);
  return db;
}

export function referenceOf(club: Connector): Reference {
  const [reference] = club.references;
  if (reference === undefined) throw new Error('the club has no reference');
  return reference;
}

/** Finds all that is marked. */
export async function resolveAll(db: Knex, reference: Reference): Promise<void> {
  const { blocked } = await resolve(db, reference, () => false);
  if (blocked.length > 0) throw new Error(`held: ${blocked.join(', ')}`);
}

/** Every booking and its customer. */
export async function customers(db: Knex): Promise<readonly string[]> {
  const { rows } = await db.raw(`select connection_id || ' ' || external_id || ': ' || coalesce(customer, '-') as found
    from public.club_bookings order by (connection_id || ' ' || external_id) collate "C"`);
  return rows.map(({ found }: { found: string }) => found);
}

/** The same after every reference was emptied and found from nothing. */
export async function foundAgain(db: Knex, reference: Reference): Promise<readonly string[]> {
  await db.raw('update public.club_bookings set customer = null');
  await db.raw('insert into tidemark.reference_marks (reference) values (?)', ['club_bookings.customer']);
  await resolveAll(db, reference);
  return customers(db);
}
