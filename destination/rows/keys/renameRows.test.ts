import type { Knex } from 'knex';
import { z } from 'zod';
import type { LiveAnswer } from '../../../schema/answer';
import { compositeKey } from '../../../schema/definition/compositeKey';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { databaseOf, writtenEntity } from '../../../test/support/writtenEntity';
import { setAside } from '../../setAside/setAside';
import { writeAnswers } from '../writeAnswers';
import type { WriteContext } from '../writeContext';

/** Leads are named by their booking or, before they have one, by phone and store. */
const key = compositeKey(['booking', 'phone'], ['phone', 'store'], ['phone', 'name']);
const entity: ConnectorEntity = { ...writtenEntity('leads', z.object({ name: z.string() }), 'skip', null), key };

let db: Knex;
beforeAll(async () => {
  db = await databaseOf(entity);
});
afterAll(() => db.destroy());
beforeEach(() => db.raw('truncate x_leads, tidemark.answers, tidemark.set_aside'));

interface Lead {
  booking?: string;
  phone: string;
  store?: string;
  name: string;
}

const context: WriteContext = { connectionId: 'c', entity, confirming: false, readLagMs: 1, writtenBy: 'run 7' };
let clock = Date.parse('2026-01-01T00:00:00Z');

async function shown(...leads: Lead[]) {
  const live = leads.map((lead): LiveAnswer => {
    const keys = key.keysOf({ ...lead });
    return { id: keys[0] ?? '', keys, version: null, row: { name: lead.name }, raw: lead };
  });
  clock += 60_000;
  const request = { sent: clock, received: clock + 1_000, live, gone: [], setAside: [] };
  return (await writeAnswers(db, context, [request], { runId: null })).counts;
}

const rows = async () =>
  (await db('x_leads').whereNull('deleted_at').orderBy('external_id')).map(({ external_id, name }) => [
    external_id,
    name,
  ]);

const lead = { phone: '7', store: 's', name: 'Ada' };
const booked = { ...lead, booking: 'B' };

test('a lead that gets its booking keeps its row, with what a user wrote into it; both names remember it', async () => {
  expect(await shown(lead)).toMatchObject({ inserted: 1, rekeyed: 0 });
  await db('x_leads').update({ name: 'edited' });
  expect(await shown(booked)).toMatchObject({ inserted: 0, skipped: 1, rekeyed: 1, errors: 0 });
  expect(await rows()).toEqual([['B|7', 'edited']]);
  expect(await shown(booked)).toMatchObject({ inserted: 0, skipped: 1, rekeyed: 0 });
  const traced = await db('tidemark.answers')
    .orderBy('external_id')
    .select('external_id', 'other_id', 'outcome', 'written_by');
  const rekeyed = { outcome: 'rekeyed', written_by: 'run 7' };
  expect(traced).toEqual([
    { external_id: '7|s', other_id: 'B|7', ...rekeyed },
    { external_id: 'B|7', other_id: '7|s', ...rekeyed },
  ]);
});

test('a row keeps every key of its record', async () => {
  await shown(booked);
  expect(await db('x_leads').select('_keys')).toEqual([{ _keys: ['B|7', '7|s', '7|Ada'] }]);
});

test('two bookings of one customer are two rows, whichever comes first and however often', async () => {
  const other = { ...booked, booking: 'C' };
  await shown(booked);
  await shown(other);
  expect(await shown(booked, other)).toMatchObject({ skipped: 2, rekeyed: 0 });
  expect((await rows()).map(([id]) => id)).toEqual(['B|7', 'C|7']);
});

test('a lead that is still listed next to a booking is a record of its own', async () => {
  await shown(lead);
  expect(await shown(booked, lead)).toMatchObject({ inserted: 1, skipped: 1, rekeyed: 0 });
  expect(await rows()).toEqual([
    ['7|s', 'Ada'],
    ['B|7', 'Ada'],
  ]);
});

test('two records that lay claim to one row are both new', async () => {
  await shown(lead);
  expect(await shown(booked, { ...booked, booking: 'C' })).toMatchObject({ inserted: 2, rekeyed: 0 });
});

test('where several rows are named by its keys, the record is set aside, and the next one lands', async () => {
  await shown(lead, { phone: '7', name: 'Ada' });
  expect(await shown(booked, { phone: '8', store: 's', name: 'Bo' })).toMatchObject({
    inserted: 1,
    rekeyed: 0,
    errors: 1,
  });
  expect(await db('tidemark.set_aside').select('external_id', 'reason', 'detail')).toEqual([
    {
      external_id: 'B|7',
      reason: 'conflict',
      detail: expect.stringContaining('its keys name 2 live rows, "7|Ada", "7|s"'),
    },
  ]);
  expect((await rows()).map(([id]) => id)).toEqual(['7|Ada', '7|s', '8|s']);
});

test('no row is renamed where one has the first key, and no deleted row is', async () => {
  await shown(lead, booked);
  expect(await shown(booked)).toMatchObject({ skipped: 1, rekeyed: 0 });
  await db('x_leads').where('external_id', 'B|7').del();
  await db('x_leads').update({ deleted_at: new Date() });
  expect(await shown(booked)).toMatchObject({ inserted: 1, rekeyed: 0 });
});

test('an entry about the former key is cleared', async () => {
  await shown(lead);
  await setAside(db, { connectionId: 'c', entity: 'leads' }, null, [
    { id: '7|s', reason: 'invalid', detail: 'x', raw: {} },
  ]);
  await shown(booked);
  expect(await db('tidemark.set_aside').select('cleared_by')).toEqual([{ cleared_by: 'run 7 renamed its row' }]);
});
