import { z } from 'zod';
import { defineEntity, type EntityInput } from './entity';

const row = z.object({ sold_on: z.iso.date(), at: z.iso.datetime(), item: z.string() });
const list = { path: '/lines', paging: { scheme: 'none' } } as const;
const ranged = {
  ...list,
  query: { from: '{since}', to: '{until}' },
  since: { form: 'date', boundary: 'inclusive', window: { back: '7d' } },
} as const;
const right: EntityInput<typeof row, Record<string, unknown>> = {
  name: 'lines',
  row,
  key: 'item',
  replaced: { day: 'sold_on' },
  map: () => ({ sold_on: '2026-01-01', at: '2026-01-01T00:00:00Z', item: 'tea' }),
  supportsWebhooks: false,
  listings: { all: list, changes: ranged },
};

function mistakesOf(changes: object): string {
  try {
    defineEntity({ ...right, ...changes });
    return '';
  } catch (error) {
    return String(error);
  }
}

test('days of a date column are replaced, from a list of everything and from ranges; the zone is that of the connection', () => {
  expect(mistakesOf({})).toBe('');
  expect(mistakesOf({ listings: { all: list } })).toBe('');
  expect(mistakesOf({ listings: { all: { ...list, covers: { field: 'sold_on', from: '365d' } } } })).toBe('');
  expect(defineEntity(right).replaced).toEqual({ day: 'sold_on', timeZone: 'connection' });
});

const one = { path: '/lines/{id}' };
test.each<[mistake: string, changes: object]>([
  ['lines.replaced.day: the row has no column day', { replaced: { day: 'day' } }],
  ['lines.replaced.day: column at is timestamp with time zone', { replaced: { day: 'at' } }],
  ['lines.replaced: leave out listings.one', { listings: { all: list, one } }],
  ['lines.replaced: leave out listings.ids', { listings: { all: list, ids: { ...list, presenceOnly: true }, one } }],
  ['lines.replaced: leave out duplicates', { duplicates: { keep: 'first', ordered: true } }],
  ["lines.replaced: with conflict 'skip'", { conflict: 'skip' }],
  [
    'lines.listings.changes.since.window: required with replaced',
    {
      deltaSyncField: { name: 'at', kind: 'instant' },
      listings: { all: list, changes: { ...list, since: { param: 'since', form: 'date', boundary: 'inclusive' } } },
    },
  ],
  ['lines.replaced: leave out deltaSyncField', { deltaSyncField: { name: 'at', kind: 'instant' } }],
  [
    'lines.listings.changes.since.window.atMost: days are replaced from one list',
    { listings: { all: list, changes: { ...ranged, since: { ...ranged.since, window: { atMost: '31d' } } } } },
  ],
  [
    'lines.listings.all.covers.field: must be sold_on',
    { listings: { all: { ...list, covers: { field: 'at', from: '365d' } } } },
  ],
])('%s', (mistake, changes) => {
  expect(mistakesOf(changes)).toContain(mistake);
});
