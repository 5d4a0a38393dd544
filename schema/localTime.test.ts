import { instantOfWall, isLocalTime, putBackBetween, toInstant, wallAt } from './localTime';

test.each([
  ['Asia/Kolkata', '2026-03-13T07:04:47', '2026-03-13T01:34:47Z'],
  ['Asia/Kolkata', '2026-03-13 07:04', '2026-03-13T01:34:00Z'],
  ['UTC', '2026-03-13T07:04:47.1234567', '2026-03-13T07:04:47.1234567Z'],
  // the clock goes forward from 2 to 3 at 01:00Z
  ['Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59Z'],
  ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00Z'],
  // a time that never came: what a clock shows that was not put forward
  ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00Z'],
  // the clock goes back from 3 to 2 at 01:00Z; 02:30 comes twice, and the first counts
  ['Europe/Berlin', '2026-10-25T01:59:59', '2026-10-24T23:59:59Z'],
  ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00Z'],
  ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00Z'],
  ['America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:30:00Z'],
  // half an hour, on the other half of the earth
  ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00Z'],
  ['Australia/Lord_Howe', '2026-04-05T02:00:00', '2026-04-04T15:30:00Z'],
])('%s, %s', (zone, local, instant) => {
  expect(toInstant(local, zone)).toBe(instant);
});

test('every half hour of a year: a clock reads back what it showed, or an hour that it showed twice, and never goes back further', () => {
  const wrong: unknown[] = [];
  for (const zone of ['Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kolkata']) {
    let last = Number.NEGATIVE_INFINITY;
    for (let at = Date.UTC(2026, 0); at < Date.UTC(2027, 0); at += 30 * 60_000) {
      const read = instantOfWall(wallAt(at, zone), zone);
      const again = putBackBetween(at - 3_600_000, at, zone);
      if (at !== read && at - read !== again) wrong.push([zone, new Date(at), at - read]);
      if (again === 0 && read <= last) wrong.push([zone, new Date(at), 'back']);
      last = Math.max(last, read);
    }
  }
  expect(wrong).toEqual([]);
});

test('what is no time without a zone', () => {
  for (const text of ['2026-02-30T00:00:00', '2026-03-13T07:04:47Z', '2026-03-13', 'soon', '2026-03-13T25:00:00']) {
    expect(() => toInstant(text, 'UTC')).toThrow(RangeError);
  }
  expect(() => toInstant('2026-03-13T07:04:47', 'Europe/Nowhere')).toThrow(RangeError);
  expect(isLocalTime('2026-03-13T07:04:47')).toBe(true);
  expect(isLocalTime('2026-03-13T07:04:47+01:00')).toBe(false);
});
