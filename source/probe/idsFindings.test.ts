import { type Answer, probedOf, said } from '../../test/support/sources/probed';

const people = Array.from({ length: 6 }, (_, n) => ({ id: `p${n}`, updated_at: `2026-01-0${n + 1}T00:00:00Z` }));
const paging = { scheme: 'none' } as const;
const list = { records: 'data', paging } as const;
const listings = (ids: object = {}) => ({
  listings: {
    all: { ...list, path: '/people' },
    ids: { ...list, path: '/ids', ...ids },
    one: { path: '/people/{id}' },
  },
});
const source =
  (ids: unknown): Answer =>
  ({ pathname }) => {
    if (pathname === '/people') return { data: people };
    if (pathname === '/ids') return typeof ids === 'number' ? ids : { data: ids };
    return people.find(({ id }) => pathname === `/people/${id}`) ?? 404;
  };
const probed = async (ids: unknown, further: object = {}) =>
  said(await probedOf('ids-list', source(ids), listings(further)));

test('lists of the same records in the same state agree', async () => {
  expect(await probed(people)).toEqual([
    "agrees: 'ids' and 'all' show the same version of 6 of 6 records",
    "agrees: 'all' lists 6 records and 'ids' 6",
  ]);
});

test('one record that changed, and one that came, between the two requests are no contradiction', async () => {
  const moved = [
    ...people.slice(1),
    { id: 'p0', updated_at: '2026-03-01T00:00:00Z' },
    { id: 'p9', updated_at: '2026-03-01T00:00:00Z' },
  ];
  expect(await probed(moved)).toEqual([
    "unknown: 'ids' and 'all' show the same version of 5 of 6 records",
    "unknown: 'all' lists 6 records and 'ids' 7",
  ]);
});

test.each<[string, unknown, string]>([
  ['no list', 400, "the listing 'ids' is not a list"],
  ['no ids', people.map(({ updated_at }) => ({ updated_at })), "a record of 'ids' has no id"],
  ['no versions', people.map(({ id }) => ({ id })), "no record of 'ids' has a 'updated_at'"],
  [
    'versions of its own',
    people.map(({ id }) => ({ id, updated_at: '2020-01-01T00:00:00Z' })),
    "'ids' and 'all' show other versions of the same 6 records",
  ],
  ['other records', people.slice(3), "'all' lists 6 records and 'ids' 3"],
])('contradicts: %s', async (_what, ids, finding) => {
  const found = await probed(ids);
  expect(found.filter((text) => text.startsWith('contradicts'))).toEqual([expect.stringContaining(finding)]);
});

test('presenceOnly is needless where every record has a version', async () => {
  const [found] = await probed(people, { presenceOnly: true });
  expect(found).toMatch(/^unknown: every record of 'ids' has a version/);
  expect(
    await probed(
      people.map(({ id }) => ({ id })),
      { presenceOnly: true },
    ),
  ).toEqual(["agrees: 'all' lists 6 records and 'ids' 6"]);
});
