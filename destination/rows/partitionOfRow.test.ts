import type { Knex } from 'knex';
import { z } from 'zod';
import { databaseOf, writtenEntity } from '../../test/support/writtenEntity';
import { encodeRows } from './format/encodedRows';
import { softDelete } from './softDelete';
import { upsertRows } from './upsertRows';

/** A row knows in which partition it was listed last, and whose it is. */
const entity = writtenEntity('placed', z.object({ name: z.string() }));
const start = Date.parse('2026-01-01T00:00:00Z');

let db: Knex;
beforeAll(async () => {
  db = await databaseOf(entity);
});
afterAll(() => db.destroy());
beforeEach(() => db.raw(`truncate public.${entity.table}`));

interface Listed {
  readonly partition?: string | null;
  readonly origin?: 'source' | 'import';
  readonly seconds: number;
  readonly version?: string;
  readonly name?: string;
}

function write({ seconds, version = '1015', name = 'same', ...context }: Listed, mostlyNew = false) {
  const answer = { id: 'a', version, row: { name }, raw: { id: 'a', name } };
  const rows = encodeRows(entity, [answer], { sent: start + seconds * 1000, received: start + seconds * 1000 + 500 });
  const about = { connectionId: 'c', entity, confirming: false, readLagMs: 10_000, writtenBy: 'run 1', ...context };
  return db.transaction((trx) => upsertRows(trx, about, [rows], mostlyNew));
}

async function stored() {
  const { rows } = await db.raw(
    `select _partition as partition, _origin as origin, synced_at as "syncedAt", _sent_at as "sentAt" from public.${entity.table}`,
  );
  return rows[0];
}

test.each([false, true])('a new row has both, whatever was guessed (mostly new: %s)', async (mostlyNew) => {
  await write({ partition: 'north', seconds: 0 }, mostlyNew);
  expect(await stored()).toMatchObject({ partition: 'north', origin: 'source' });
});

test('a row whose partition alone changed moves, and counts as unchanged', async () => {
  await write({ partition: 'north', seconds: 0 });
  const before = await stored();
  const { counts } = await write({ partition: 'south', seconds: 60 });
  expect(counts).toMatchObject({ updated: 0, unchanged: 1 });
  expect(await stored()).toMatchObject({ partition: 'south', syncedAt: before.syncedAt });
});

test('an older answer does not move it back', async () => {
  await write({ partition: 'south', seconds: 60 });
  await write({ partition: 'north', seconds: 0 });
  expect(await stored()).toMatchObject({ partition: 'south' });
});

test('an answer by id says nothing of the partition', async () => {
  await write({ partition: 'north', seconds: 0 });
  await write({ seconds: 60, version: '1016', name: 'changed' });
  expect(await stored()).toMatchObject({ partition: 'north' });
});

test('an unchanged row is not written again, nor one from before partitions were noted', async () => {
  await write({ partition: '', seconds: 0 });
  const { sentAt } = await stored();
  await write({ partition: '', seconds: 60 });
  await db.raw(`update public.${entity.table} set _partition = null`);
  await write({ partition: '', seconds: 120 });
  expect(await stored()).toMatchObject({ sentAt });
});

test('what a user inserted becomes the source’s when the source shows it', async () => {
  await db.raw(`insert into public.${entity.table} (connection_id, external_id, name) values ('c', 'a', 'same')`);
  expect(await stored()).toMatchObject({ origin: null });
  await write({ partition: '', seconds: 0 });
  expect(await stored()).toMatchObject({ origin: 'source' });
});

test('an imported row becomes the source’s when the source shows it, and never an imported one again', async () => {
  await write({ origin: 'import', seconds: 0 });
  expect(await stored()).toMatchObject({ origin: 'import', partition: null });
  await write({ partition: '', seconds: 60 });
  expect(await stored()).toMatchObject({ origin: 'source' });
  await write({ origin: 'import', seconds: 120, version: '1016', name: 'imported again' });
  expect(await stored()).toMatchObject({ origin: 'source' });
});

test.each([
  ['imported', `_origin = 'import'`],
  ['inserted by a user', `_origin = null, _received_at = null`],
])('absence from a scan deletes no row that was %s', async (_whose, as) => {
  await write({ partition: '', seconds: 0 });
  await db.raw(`update public.${entity.table} set ${as}`);
  const absent = { answer: { id: 'a', version: null }, sent: start + 60_000, received: start + 61_000 };
  const context = { connectionId: 'c', entity, confirming: true, readLagMs: 1_000, writtenBy: 'run 2' };
  const result = await db.transaction((trx) =>
    softDelete(trx, context, [{ ...absent, receivedBefore: start + 50_000 }]),
  );
  expect(result.deletedIds).toEqual([]);
});
