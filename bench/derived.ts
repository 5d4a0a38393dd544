import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { connectDatabase } from '../destination/database/database';
import { migrate } from '../destination/database/migrate';
import { ensureDerived } from '../destination/derived/ensureDerived';
import { resolve } from '../destination/derived/references/resolve';
import { recompute } from '../destination/derived/rollups/recompute';
import { encodeRows } from '../destination/rows/format/encodedRows';
import { lockEntity } from '../destination/rows/lockEntity';
import { ensureTable } from '../destination/rows/tables';
import { upsertRows } from '../destination/rows/upsertRows';
import { type Connector, type ConnectorEntity, defineConnector } from '../schema/definition/connector';
import { defineEntity } from '../schema/definition/entity';

/**
 * What roll-ups and references cost who writes: `DATABASE_URL=… npx jiti bench/derived.ts`. Writes 100,000 new rows in batches of 2,000, as a first sync does,
 * into a database of its own: without both, with a roll-up, with both; each three times, of which the fastest counts.
 */
const rows = 100_000;
const batch = 2_000;

function connectorOf(rollups: boolean, references: boolean): Connector {
  const unread = {
    key: 'id',
    map: () => {
      throw new Error('nothing is read here');
    },
    listings: { all: { path: '/', paging: { scheme: 'none' } } },
    supportsWebhooks: false,
  } as const;
  const nullable = z.string().nullable();
  const orders = defineEntity({
    ...unread,
    name: 'orders',
    row: z.object({
      ...{ sold_at: z.iso.datetime(), total: nullable.meta({ column: 'numeric' }), email: nullable, state: nullable },
      ...{ store: nullable, note: nullable },
    }),
    ...(references && {
      references: { customer: { entity: 'customers', by: [{ mine: 'email', theirs: 'email', normalise: 'email' }] } },
    }),
  });
  const customers = defineEntity({ ...unread, name: 'customers', row: z.object({ email: nullable }) });
  return defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.string() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [orders, customers],
    rollups: rollups
      ? [
          {
            name: 'daily_sales',
            inputs: { orders: { days: ['sold_at'] } },
            sql: 'select store, count(*) as orders, sum(total) as sales from orders group by store',
            key: ['store'],
          },
        ]
      : [],
  });
}

/** Milliseconds that writing took, and that deriving took afterwards. */
async function measured(url: URL, connector: Connector): Promise<{ written: number; derived: number }> {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  const server = connectDatabase(url.href, { poolSize: 1 });
  await server.raw(`create database ${name}`);
  const own = new URL(url.href);
  own.pathname = name;
  const db = connectDatabase(own.href);
  try {
    await migrate(own.href);
    await db.raw(
      `insert into tidemark.connections (id, connector, settings, time_zone) values ('a', 'shop', '{}', 'UTC')`,
    );
    for (const entity of connector.entities.values()) await ensureTable(db, entity);
    await ensureDerived(db, connector);
    const entity = connector.entities.get('orders') as ConnectorEntity;
    const began = performance.now();
    for (let first = 0; first < rows; first += batch) await db.transaction((trx) => writeBatch(trx, entity, first));
    const written = performance.now() - began;
    for (const reference of connector.references) await resolve(db, reference, () => false);
    for (const rollup of connector.rollups) await recompute(db, rollup, () => false);
    return { written, derived: performance.now() - began - written };
  } finally {
    await db.destroy();
    await server.raw(`drop database ${name} with (force)`);
    await server.destroy();
  }
}

async function writeBatch(trx: Knex.Transaction, entity: ConnectorEntity, first: number): Promise<void> {
  const context = { connectionId: 'a', entity, confirming: false, readLagMs: 10_000, writtenBy: 'bench' } as const;
  const answers = Array.from({ length: batch }, (_, index) => {
    const number = first + index;
    const row = {
      sold_at: new Date(Date.UTC(2024, 0, 1) + (number % 730) * 86_400_000).toISOString(),
      ...{ total: `${number % 1000}.25`, email: `p${number % 20_000}@example.com`, state: 'done' },
      ...{ store: `store ${number % 10}`, note: 'n'.repeat(100) },
    };
    return { id: `${number}`, version: null, row, raw: { id: number, ...row, more: 'm'.repeat(500) } };
  });
  await lockEntity(trx, context);
  const times = { sent: Date.now(), received: Date.now() };
  await upsertRows(trx, context, [encodeRows(entity, answers, times)], true);
}

async function main(): Promise<void> {
  const url = new URL(process.env.DATABASE_URL ?? 'postgres://localhost:5432/postgres');
  for (const [about, connector] of [
    ['neither', connectorOf(false, false)],
    ['a roll-up', connectorOf(true, false)],
    ['a roll-up and a reference', connectorOf(true, true)],
  ] as const) {
    const times: { written: number; derived: number }[] = [];
    for (let time = 0; time < 3; time++) times.push(await measured(url, connector));
    const least = (which: 'written' | 'derived') => (Math.min(...times.map((one) => one[which])) / 1000).toFixed(2);
    process.stdout.write(`${about}: ${rows} rows written in ${least('written')} s, derived in ${least('derived')} s\n`);
  }
}

void main();
