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
    const known = [...people, ...(Array.isArray(ids) ? (ids as typeof people) : [])];
    return known.find(({ id }) => pathname === `/people/${id}`) ?? 404;
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
    "agrees: of 1 records that only 'ids' listed, 'one' says of none that it is gone",
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

describe('a record that `ids` lists and `all` does not', () => {
  const known = people.slice(0, 5);
  const answers =
    (extra: object, gone: Answer, idsLater: unknown = people): Answer =>
    (url) => {
      if (url.pathname === '/people') return { data: known };
      if (url.pathname === '/people/p5') return gone(url);
      if (url.pathname === '/ids') return { data: asked++ === 0 ? people : idsLater };
      return { ...extra, ...(known.find(({ id }) => url.pathname === `/people/${id}`) ?? {}) };
    };
  let asked = 0;
  beforeEach(() => {
    asked = 0;
  });
  const bad = async (answer: Answer, definition: object = {}) =>
    said(await probedOf('ids-list', answer, { ...listings(), ...definition })).filter((text) =>
      text.startsWith('contradicts'),
    );

  test('contradicts where `one` says that it is gone', async () => {
    const found = [expect.stringContaining('\'ids\' lists record "p5", and alone it is gone')];
    expect(await bad(answers({}, () => 404))).toEqual(found);
    const tombstone = { gone: { record: (r: { deleted?: unknown }) => r.deleted === true } } as object;
    expect(
      await bad(
        answers({}, () => ({ ...people[5], deleted: true })),
        tombstone,
      ),
    ).toEqual(found);
  });

  test('is no contradiction where `one` shows it, or the list lacks it a little later', async () => {
    expect(await bad(answers({}, () => people[5]))).toEqual([]);
    expect(await bad(answers({}, () => 404, known))).toEqual([]);
  });

  test('is no contradiction where the list shows that it is deleted', async () => {
    const dead = people.map((one) => (one.id === 'p5' ? { ...one, deleted: true } : one));
    const answer: Answer = (url) => (url.pathname === '/ids' ? { data: dead } : answers({}, () => 404)(url));
    const tombstone = { gone: { record: (r: { deleted?: unknown }) => r.deleted === true } } as object;
    expect(await bad(answer, tombstone)).toEqual([]);
  });
});
