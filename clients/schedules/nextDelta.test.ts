import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { createConnection } from '../../destination/connections/connections';
import { storeDeltaSchedules } from '../../destination/connections/deltaSchedules';
import { connectDatabase } from '../../destination/database/database';
import type { BusinessHours } from '../../schema/definition/schedule';
import { atEnd, testDatabase, testTemporal } from '../../test/environment';
import { firingTimes } from '../../test/support/firingTimes';
import { businessHoursSpec, deltaInterval, everySpec } from './spec';

let db: Knex;
let client: Client;

beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url, { poolSize: 2 });
  atEnd(() => db.destroy());
  await createConnection(db, { id: 'demo', connector: 'acme', settings: {} });
  ({ client } = await testTemporal());
});

const target = { connectionId: 'demo', entity: 'people' };

/** When PostgreSQL says that the deltas of a connection begin. */
async function inPostgres(every: number, hours: BusinessHours | undefined, timeZone: string, from: string, to: string) {
  const times = { ...deltaInterval(every, hours, 'demo'), hours: hours ?? null, timeZone };
  await storeDeltaSchedules(db, [{ ...target, ...times, pausedBecause: null }]);
  const { rows } = await db.raw(
    /* sql */ `
    with recursive t(at) as (
      select tidemark.next_delta(s, cast(:from as timestamptz)) from tidemark.delta_schedules s
      union all
      select tidemark.next_delta(s, at) from t, tidemark.delta_schedules s where at <= cast(:to as timestamptz)
    ) select at from t where at <= cast(:to as timestamptz)`,
    { from, to },
  );
  return rows.map(({ at }: { at: Date }) => at.toISOString());
}

const day = { from: '06:00', to: '20:00', days: [0, 1, 2, 3, 4, 5, 6] };
const night = { from: '00:00', to: '05:00', days: [0, 1, 6] };

test.each([
  ['Europe/Berlin', day, 15, '2027-03-27', '2027-03-30'],
  ['Europe/Berlin', day, 15, '2027-10-30', '2027-11-02'],
  ['America/New_York', night, 15, '2027-03-13', '2027-03-16'],
  // after the hour that comes twice, which Temporal treats by interval
  ['America/New_York', { ...night, from: '02:00' }, 7, '2027-11-06', '2027-11-09'],
  ['Australia/Lord_Howe', night, 15, '2027-10-02', '2027-10-05'],
  ['UTC', { from: '09:00', to: '17:30', days: [1, 3] }, 50, '2027-06-01', '2027-06-12'],
])('PostgreSQL knows the same times as Temporal: %s, %o, every %i min', async (zone, hours, minutes, first, last) => {
  const [every, from, to] = [minutes * 60_000, `${first}T00:00:00Z`, `${last}T00:00:00Z`];
  const expected = await firingTimes(client, businessHoursSpec(every, hours, zone, 'demo'), from, to);
  expect(expected.length).toBeGreaterThan(20);
  expect(await inPostgres(every, hours, zone, from, to)).toEqual(expected);
});

test('day and night, PostgreSQL knows the same times as Temporal', async () => {
  const [from, to] = ['2027-03-28T00:00:00Z', '2027-03-28T06:00:00Z'];
  const expected = await firingTimes(client, everySpec(7 * 60_000, 'demo'), from, to);
  expect(await inPostgres(7 * 60_000, undefined, 'Europe/Berlin', from, to)).toEqual(expected);
});
