import type { Since } from '../../schema/definition/listing';
import { filterValue } from './cursorForm';

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
