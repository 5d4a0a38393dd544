import type { Since } from '../../../schema/definition/listings/since';
import { instantOfWall, toInstant, wallAt } from '../../../schema/localTime';
import { filterValue, type RangeValue, rangeValue, untilValue } from './cursorForm';

const cursor = new Date('2026-11-21T09:20:37.123Z');
const since = (form: Since['form'], boundary: Since['boundary']): Since => ({ param: 'since', form, boundary });

test.each<[Since['form'], Since['boundary'], string]>([
  ['iso-seconds', 'inclusive', '2026-11-21T09:20:37Z'],
  ['iso-seconds', 'exclusive', '2026-11-21T09:20:36Z'],
  ['iso-milliseconds', 'inclusive', '2026-11-21T09:20:37.123Z'],
  ['iso-milliseconds', 'exclusive', '2026-11-21T09:20:37.122Z'],
  ['iso-microseconds', 'inclusive', '2026-11-21T09:20:37.123000Z'],
  ['iso-microseconds', 'exclusive', '2026-11-21T09:20:37.122000Z'],
  ['epoch-seconds', 'inclusive', '1795252837'],
  ['epoch-seconds', 'exclusive', '1795252836'],
  ['epoch-milliseconds', 'inclusive', '1795252837123'],
  ['epoch-milliseconds', 'exclusive', '1795252837122'],
  // the date on the western end of the earth, where it is still the day before
  ['date', 'inclusive', '2026-11-20'],
  ['date', 'exclusive', '2026-11-19'],
])('%s, %s: %s', (form, boundary, text) => {
  expect(filterValue(since(form, boundary), cursor).text).toBe(text);
});

test('a date is never later than the cursor in any time zone, and its instant the earliest it can mean', () => {
  const sent = filterValue(since('date', 'inclusive'), new Date('2026-11-21T11:59:00Z'));
  expect(sent.text).toBe('2026-11-20');
  expect(sent.instant).toBe(Date.parse('2026-11-20T00:00:00+14:00'));
  expect(filterValue(since('date', 'inclusive'), new Date('2026-11-21T12:00:00Z')).text).toBe('2026-11-21');
});

describe('a source that compares with times of its own zone', () => {
  const local = (form: Since['form'], boundary: Since['boundary'] = 'inclusive'): Since => ({
    ...since(form, boundary),
    timeZone: 'Europe/Berlin',
  });
  const sent = (form: Since['form'], at: string, now = at, boundary: Since['boundary'] = 'inclusive') =>
    filterValue(local(form, boundary), new Date(at), Date.parse(now)).text;

  test.each<[Since['form'], string]>([
    ['iso-seconds', '2026-07-21T11:20:37'],
    ['iso-milliseconds', '2026-07-21T11:20:37.123'],
    ['space-seconds', '2026-07-21 11:20:37'],
    ['date', '2026-07-21'],
    ['epoch-seconds', '1784625637'],
    ['http-date', 'Tue, 21 Jul 2026 09:20:37 GMT'],
  ])('%s', (form, text) => {
    expect(sent(form, '2026-07-21T09:20:37.123Z')).toBe(text);
  });

  test('a date is that of the zone, and its instant the beginning of that day', () => {
    const value = filterValue(local('date'), new Date('2026-07-20T22:30:00Z'), Date.parse('2026-07-20T22:30:00Z'));
    expect(value).toEqual({ text: '2026-07-21', instant: Date.parse('2026-07-20T22:00:00Z') });
    expect(untilValue(local('date'), Date.parse('2026-07-20T22:30:00Z'))).toBe('2026-07-22');
  });

  // the clock goes back from 03:00 to 02:00 at 01:00Z
  test('a change after the clock was put back is found by a cursor from before, at whatever time of either hour', () => {
    const lost: unknown[] = [];
    for (let cursor = 0; cursor < 120; cursor += 10) {
      for (let change = cursor; change < 180; change += 10) {
        const at = (minutes: number) => Date.UTC(2026, 9, 25) + minutes * 60_000;
        const { text, instant } = filterValue(local('iso-seconds'), new Date(at(cursor)), at(change) + 60_000);
        const stored = new Date(wallAt(at(change), 'Europe/Berlin')).toISOString().slice(0, 19);
        // and what is found is not taken for a filter that is ignored
        const found = text <= stored && Date.parse(toInstant(stored, 'Europe/Berlin')) >= instant;
        if (!found || untilValue(local('iso-seconds'), at(change)) <= stored) lost.push([cursor, change, text, stored]);
      }
    }
    expect(lost).toEqual([]);
  });

  test('for a day it is earlier by as much as the clock was put back, and then no longer', () => {
    expect(sent('iso-seconds', '2026-10-25T12:00:00Z')).toBe('2026-10-25T12:00:00');
    expect(sent('iso-seconds', '2026-10-26T00:59:00Z')).toBe('2026-10-26T00:59:00');
    expect(sent('iso-seconds', '2026-10-26T01:01:00Z')).toBe('2026-10-26T02:01:00');
    expect(sent('iso-seconds', '2026-03-29T12:00:00Z')).toBe('2026-03-29T14:00:00');
  });
});

describe('a range that is read in parts', () => {
  const hour = 3_600_000;
  const day = 24 * hour;
  /** the clock in Berlin goes back on 25 October, and forward on 29 March */
  const ends = ['2026-11-21T09:20:37.123Z', '2026-10-25T00:30:00Z', '2026-10-25T23:30:00Z', '2026-03-29T12:00:00Z'];
  const forms: readonly (readonly [Since['form'], Since['boundary'], string | undefined, number])[] = [
    ['date', 'inclusive', 'Europe/Berlin', 3 * day],
    ['date', 'exclusive', 'Europe/Berlin', 4 * day],
    ['date', 'inclusive', undefined, 4 * day],
    ['date', 'exclusive', undefined, 5 * day],
    ['iso-seconds', 'exclusive', 'Europe/Berlin', day],
    ['iso-milliseconds', 'inclusive', undefined, 60_000 * 60],
    ['epoch-seconds', 'exclusive', 'Europe/Berlin', day + 500],
  ];

  test.each(forms)(
    '%s, %s, in the zone %s: nothing lies between two parts, and none is too wide',
    (form, boundary, timeZone, atMost) => {
      for (const text of ends) {
        for (const length of [0, 1, atMost - 1, atMost, 2.5 * atMost, 20 * atMost + 1]) {
          const end = Date.parse(text);
          const given = { ...since(form, boundary), timeZone };
          const parts: RangeValue[] = [];
          for (let from: number | null = end - length; from !== null; from = parts.at(-1)?.next ?? null) {
            parts.push(rangeValue(given, { from, end, atMost }));
            expect(parts.length).toBeLessThan(60);
          }
          expect(parts[0]?.since).toEqual(filterValue(given, new Date(end - length), end));
          expect(parts.at(-1)?.until).toBe(untilValue(given, end));
          for (const [index, part] of parts.entries()) {
            expect(clock(form, part.until) - clock(form, part.since.text)).toBeLessThanOrEqual(atMost);
            const [from, until] = [clock(form, part.since.text), clock(form, part.until)];
            expect(until).toBeGreaterThan(from);
            // neither a source that leaves the end out nor one that compares strictly loses what is between two parts
            const next = parts[index + 1];
            const tick = form === 'date' ? day : form.endsWith('milliseconds') ? 1 : 1000;
            const begins =
              next === undefined ? 0 : clock(form, next.since.text) + (boundary === 'exclusive' ? tick : 0);
            expect(begins).toBeLessThanOrEqual(until);
            // nothing that the source counts as part of the range is taken for something outside
            const ofZone = timeZone !== undefined && !form.startsWith('epoch');
            const instantAt = (wall: number) => (ofZone ? instantOfWall(wall, timeZone) : wall);
            expect(part.latest).toBeGreaterThanOrEqual(instantAt(until));
            expect(part.since.instant).toBeLessThanOrEqual(instantAt(from));
          }
        }
      }
    },
  );

  /** What a value says, in milliseconds, as if it were UTC. */
  function clock(form: Since['form'], text: string): number {
    if (form === 'epoch-seconds') return Number(text) * 1000;
    return Date.parse(form === 'date' || text.endsWith('Z') ? text : `${text}Z`);
  }
});
