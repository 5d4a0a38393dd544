import type { Client } from '@temporalio/client';
import { testTemporal } from '../../test/environment';
import { firingTimes } from '../../test/support/firingTimes';
import { businessHoursSpec, dailySpec, everySpec, offsetOf } from './spec';

describe('what Temporal makes of our times', () => {
  let client: Client;
  beforeAll(async () => {
    ({ client } = await testTemporal());
  });

  const weekdays = { from: '08:00', to: '18:00', days: [1, 2, 3, 4, 5] };

  test('an interval that divides the hour, in business hours', async () => {
    const spec = businessHoursSpec(15 * 60_000, weekdays, 'Europe/Berlin', 'demo');
    expect(spec.calendars).toHaveLength(1);
    // Friday and Saturday; Berlin is two hours ahead of UTC
    const times = await firingTimes(client, spec, '2026-06-05T00:00:00Z', '2026-06-07T00:00:00Z');
    const offset = offsetOf('demo', 900) * 1000;
    const first = Date.parse('2026-06-05T06:00:00Z') + offset;
    expect(times).toEqual(Array.from({ length: 40 }, (_, index) => new Date(first + index * 900_000).toISOString()));
  });

  test('an interval that does not divide the hour keeps its distance, and begins again each day', async () => {
    const every = 7 * 60_000;
    const spec = businessHoursSpec(every, { ...weekdays, from: '08:30', to: '17:15' }, 'America/New_York', 'demo');
    const times = await firingTimes(client, spec, '2026-06-04T00:00:00Z', '2026-06-06T00:00:00Z');
    const perDay = Math.ceil(((8 * 60 + 45) * 60 - offsetOf('demo', 420)) / 420);
    for (const day of ['2026-06-04', '2026-06-05']) {
      const first = Date.parse(`${day}T12:30:00Z`) + offsetOf('demo', 420) * 1000;
      const expected = Array.from({ length: perDay }, (_, index) => new Date(first + index * every).toISOString());
      expect(times.filter((time) => time.startsWith(day))).toEqual(expected);
    }
  });

  test('business hours move with summer time, and an hour that does not exist is left out', async () => {
    // Sunday 29 March 2026: Berlin goes from 02:00 to 03:00
    const spec = businessHoursSpec(30 * 60_000, { from: '01:00', to: '05:00', days: [0] }, 'Europe/Berlin', 'demo');
    const offset = offsetOf('demo', 1800) * 1000;
    const at = (time: string) => new Date(Date.parse(time) + offset).toISOString();
    expect(await firingTimes(client, spec, '2026-03-28T00:00:00Z', '2026-03-30T00:00:00Z')).toEqual([
      at('2026-03-29T00:00:00Z'),
      at('2026-03-29T00:30:00Z'),
      at('2026-03-29T01:00:00Z'),
      at('2026-03-29T01:30:00Z'),
      at('2026-03-29T02:00:00Z'),
      at('2026-03-29T02:30:00Z'),
    ]);
  });

  test('daily keeps its time of day over both changes of the clocks', async () => {
    const spec = dailySpec('04:00', 'Europe/Berlin', 'demo');
    const offset = offsetOf('demo', 3600) * 1000;
    const at = (time: string) => new Date(Date.parse(time) + offset).toISOString();
    expect(await firingTimes(client, spec, '2026-03-28T00:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      at('2026-03-28T03:00:00Z'),
      at('2026-03-29T02:00:00Z'),
      at('2026-03-30T02:00:00Z'),
    ]);
    expect(await firingTimes(client, spec, '2026-10-24T00:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      at('2026-10-24T02:00:00Z'),
      at('2026-10-25T03:00:00Z'),
      at('2026-10-26T03:00:00Z'),
    ]);
  });

  /** A connection whose offset moves its daily time by half an hour to an hour. */
  const later = Array.from({ length: 50 }, (_, index) => `c${index}`).find((id) => offsetOf(id, 3600) > 1800) ?? '';

  test.each([
    ['Europe/Berlin', '01:30', '2027-03-28', '2027-10-31'],
    ['Europe/Berlin', '02:00', '2027-03-28', '2027-10-31'],
    ['America/New_York', '02:00', '2027-03-14', '2027-11-07'],
    // half an hour only
    ['Australia/Lord_Howe', '02:00', '2027-10-03', '2027-04-04'],
    // at midnight
    ['Africa/Cairo', '00:00', '2027-04-30', '2027-10-29'],
  ])('daily at a time that the clocks skip or repeat runs once a day: %s, %s', async (zone, at, spring, autumn) => {
    const localDate = (time: string) => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(new Date(time));
    for (const id of [later, 'demo']) {
      for (const day of [spring, autumn]) {
        const around = [-2, -1, 0, 1, 2].map((days) => new Date(Date.parse(day) + days * 86_400_000));
        const dates = around.map((date) => date.toISOString().slice(0, 10));
        const [from, to] = [`${dates[0]}T00:00:00Z`, `${dates[4]}T23:59:59Z`];
        const fired = (await firingTimes(client, dailySpec(at, zone, id), from, to)).map(localDate);
        for (const date of dates.slice(1, 4))
          expect([id, date, fired.filter((one) => one === date)]).toEqual([id, date, [date]]);
      }
    }
  });

  test('on the day on which the clocks skip it, a daily run comes when it would have come without the change', async () => {
    const at = (time: string) => new Date(Date.parse(time) + offsetOf(later, 3600) * 1000).toISOString();
    const spec = dailySpec('01:30', 'Europe/Berlin', later);
    expect(await firingTimes(client, spec, '2027-03-27T12:00:00Z', '2027-03-29T12:00:00Z')).toEqual([
      at('2027-03-28T00:30:00Z'),
      at('2027-03-28T23:30:00Z'),
    ]);
  });

  test('one run a day in short business hours takes place although the clocks skip it, on its days only', async () => {
    const hours = { from: '02:00', to: '02:30', days: [0] };
    const spec = businessHoursSpec(86_400_000, hours, 'Europe/Berlin', 'demo');
    expect(await firingTimes(client, spec, '2027-03-22T00:00:00Z', '2027-04-05T00:00:00Z')).toHaveLength(2);
    const weekdays = businessHoursSpec(86_400_000, { ...hours, days: [1, 2] }, 'Europe/Berlin', 'demo');
    expect(await firingTimes(client, weekdays, '2027-03-27T00:00:00Z', '2027-03-29T00:00:00Z')).toEqual([]);
  });

  test('business hours of the day are the same local times before and after both changes', async () => {
    const spec = businessHoursSpec(
      900_000,
      { from: '06:00', to: '20:00', days: [0, 1, 2, 3, 4, 5, 6] },
      'Europe/Berlin',
      'demo',
    );
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'medium' });
    // from night to night: three days of 56 quarters of an hour
    for (const [from, to] of [
      ['2027-03-27', '2027-03-30'],
      ['2027-10-30', '2027-11-02'],
    ]) {
      const times = (await firingTimes(client, spec, `${from}T22:00:00Z`, `${to}T22:00:00Z`)).map((time) =>
        local.format(new Date(time)),
      );
      expect(times).toHaveLength(3 * 56);
      expect(new Set(times).size).toBe(56);
      expect([...times].sort().at(0)).toMatch(/^06:/);
      expect([...times].sort().at(-1)).toMatch(/^19:/);
    }
  });

  test('without business hours an interval goes on day and night, whatever the clocks do', async () => {
    const times = await firingTimes(
      client,
      everySpec(7 * 60_000, 'demo'),
      '2026-03-29T00:00:00Z',
      '2026-03-29T04:00:00Z',
    );
    const seconds = times.map((time) => Date.parse(time) / 1000);
    expect(seconds.length).toBeGreaterThan(30);
    expect(seconds.every((time) => time % 420 === offsetOf('demo', 420))).toBe(true);
    expect(seconds.every((time, index) => index === 0 || time - (seconds[index - 1] ?? 0) === 420)).toBe(true);
  });

  test('a daily time before midnight may pass it', async () => {
    const late = Array.from({ length: 50 }, (_, index) => `c${index}`).find((id) => offsetOf(id, 3600) > 1800) ?? '';
    const times = await firingTimes(
      client,
      dailySpec('23:30', 'UTC', late),
      '2026-06-05T00:00:00Z',
      '2026-06-06T00:00:00Z',
    );
    expect(times).toEqual([new Date(Date.parse('2026-06-04T23:30:00Z') + offsetOf(late, 3600) * 1000).toISOString()]);
  });
});

describe('offsets', () => {
  test('are the same each time, and spread connections evenly', () => {
    const offsets = Array.from({ length: 1000 }, (_, index) => offsetOf(`tenant-${index}`, 300));
    expect(offsets).toEqual(Array.from({ length: 1000 }, (_, index) => offsetOf(`tenant-${index}`, 300)));
    const perMinute = [0, 1, 2, 3, 4].map(
      (minute) => offsets.filter((offset) => Math.floor(offset / 60) === minute).length,
    );
    expect(Math.min(...perMinute)).toBeGreaterThan(150);
    expect(Math.max(...offsets)).toBeLessThan(300);
  });

  test('never move a run out of short business hours', () => {
    const hours = { from: '09:00', to: '09:10', days: [0, 1, 2, 3, 4, 5, 6] };
    for (let index = 0; index < 100; index++) {
      const [calendar, ...more] = businessHoursSpec(86_400_000, hours, 'UTC', `c${index}`).calendars ?? [];
      expect(more).toEqual([]);
      expect(calendar).toMatchObject({ hour: [9] });
      expect(Number(calendar?.minute)).toBeLessThan(10);
    }
  });
});
