import { type Answer, probedOf, said } from '../../test/support/sources/probed';

const people = Array.from({ length: 5 }, (_, n) => ({ id: `p${n}`, updated_at: `2026-01-0${n + 1}T00:00:00Z` }));
const list = { records: 'data', paging: { scheme: 'none' } } as const;

interface Feed {
  /** what a fresh token is answered with */
  readonly fresh?: unknown;
  /** … and one that was never given */
  readonly invented?: unknown;
  readonly start?: unknown;
}

const source =
  ({ fresh = { data: [], sync: 't2' }, invented = 410, start = { token: 't1' } }: Feed): Answer =>
  ({ pathname, searchParams }) => {
    if (pathname === '/start') return start;
    if (pathname === '/people') return { data: people };
    if (pathname === '/changes') return searchParams.get('sync') === 't1' ? fresh : invented;
    return people.find(({ id }) => pathname === `/people/${id}`) ?? 404;
  };
const listings = {
  listings: {
    all: { ...list, path: '/people' },
    changes: {
      ...list,
      path: '/changes',
      feed: { token: 'sync', param: 'sync', first: { path: '/start', token: 'token' } },
    },
    one: { path: '/people/{id}' },
  },
};
const probed = async (feed: Feed) => said(await probedOf('feed', source(feed), listings));

test('a feed that does what the definition says is not contradicted', async () => {
  expect(await probed({})).toEqual([
    'agrees: the request for the first token answers with one',
    "agrees: since a token that was given just now, 'changes' lists 0 records, and a token to go on from",
    'agrees: a token that was never given answers 410, as one that is forgotten',
  ]);
});

test.each<[string, Feed, string]>([
  [
    'there is no first token',
    { start: { sync: 't1' } },
    'there is no token where the definition looks for the first one',
  ],
  ['the request for it is refused', { start: 404 }, 'the request for the first token answers 404'],
  [
    'the token is ignored',
    { fresh: { data: people, sync: 't2' } },
    "lists the 5 records of the first page of 'all' again",
  ],
  ['a page has no token', { fresh: { data: [] } }, "the last page of 'changes' contains no token to go on from"],
  ['a fresh token counts as forgotten', { fresh: 410 }, 'counts as one that the source has forgotten'],
  ['what comes is no list', { fresh: { items: [] } }, "'changes' cannot be read with a token"],
])('contradicts where %s', async (_where, feed, finding) => {
  const found = await probed(feed);
  expect(found.filter((text) => text.startsWith('contradicts'))).toEqual([expect.stringContaining(finding)]);
});

test('what an unknown token is answered with is a hint, and no contradiction: a forgotten one may look otherwise', async () => {
  expect(await probed({ invented: 400 })).toContainEqual(
    expect.stringMatching(/^unknown: a token that was never given answers 400/),
  );
  expect(await probed({ invented: { data: people, sync: 'x' } })).toContainEqual(
    expect.stringMatching(/^unknown: a token that was never given is accepted silently, and 5 records/),
  );
});

test('a feed whose first token comes with `all`', async () => {
  const answer =
    (token: object): Answer =>
    ({ pathname, searchParams }) => {
      if (pathname === '/people') return { data: searchParams.has('sync') ? [] : people, ...token };
      return 404;
    };
  const all = { ...list, path: '/people' };
  const definition = {
    listings: { all, changes: { ...all, feed: { token: 'sync', param: 'sync', first: 'all' as const } } },
  };
  expect(said(await probedOf('feed', answer({ sync: 't' }), definition)).slice(0, 2)).toEqual([
    "agrees: a page of 'all' contains a token",
    "agrees: since a token that was given just now, 'changes' lists 0 records, and a token to go on from",
  ]);
  expect(said(await probedOf('feed', answer({}), definition))).toContainEqual(
    expect.stringMatching(/^contradicts: there is no token/),
  );
});

describe('the end of a feed whose every page names a token', () => {
  const named = (body: object): Answer => source({ fresh: { data: [], ...body }, invented: 410 });
  const ends = async (body: object, paging: object) => {
    const { listings: definition } = listings;
    const changes = { ...definition.changes, paging: { scheme: 'token', param: 'sync', next: 'sync', ...paging } };
    return said(await probedOf('end', named(body), { listings: { ...definition, changes: changes as never } }));
  };

  test('is noticed by its flag', async () => {
    expect(await ends({ sync: 't1', hasMore: false }, { more: 'hasMore' })).toEqual([]);
    expect(await ends({ sync: 't1', meta: { more: 0 } }, { more: { path: 'meta.more', is: 1 } })).toEqual([]);
  });

  test.each<[string, object, object, string]>([
    ['the flag is elsewhere', { sync: 't1', hasMore: false }, { more: 'has_more' }, "has nothing at 'has_more'"],
    ['no flag is declared', { sync: 't1', hasMore: false }, {}, "its 'hasMore' is false"],
    ['no page has a flag', { sync: 't1' }, {}, 'an empty page names a next one, and that page names itself'],
  ])('is not noticed where %s', async (_where, body, paging, finding) => {
    const found = await ends(body, paging);
    expect(found).toEqual([expect.stringContaining(finding)]);
    expect(found[0]).toMatch(/^contradicts: of 'changes', /);
  });

  test('an empty page in the middle of a feed is no contradiction: the next one has another token', async () => {
    const answer: Answer = (url) => {
      const token = url.searchParams.get('sync');
      if (url.pathname !== '/changes' || token === 'tidemark-probe') return source({})(url);
      return token === 't1' ? { data: [], sync: 't2' } : { data: [] };
    };
    const { listings: definition } = listings;
    const changes = { ...definition.changes, paging: { scheme: 'token', param: 'sync', next: 'sync' } };
    expect(await probedOf('end', answer, { listings: { ...definition, changes: changes as never } })).toEqual([]);
  });
});
