import { type Answer, probedOf, said } from '../../test/support/sources/probed';

/** Lists that withhold their newest changes for longer than the definition says. */

const minute = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * minute).toISOString();
const before = ago(60 * 24 * 30);
const list = { records: 'data', paging: { scheme: 'none' } } as const;
const since = { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } as const;

interface World {
  /** how old the change of `p1` is, in minutes */
  readonly changed: number;
  /** for how many minutes each list withholds a change */
  readonly all?: number;
  readonly changes?: number;
}

const people = ['p0', 'p1', 'p2'].map((id) => ({ id, name: `${id} as it was`, updated_at: before }));

function source({ changed, all = 0, changes = 0 }: World): Answer {
  const changedAt = ago(changed);
  const shown = (withheld: number) =>
    people.map((one) =>
      one.id === 'p1' && changed >= withheld ? { ...one, name: 'p1 as it is now', updated_at: changedAt } : one,
    );
  return ({ pathname, searchParams }) => {
    if (pathname === '/people') return { data: shown(all) };
    if (pathname === '/changes') {
      const from = Date.parse(searchParams.get('since') ?? '');
      if (Number.isNaN(from)) return 400;
      return { data: shown(changes).filter(({ updated_at }) => Date.parse(updated_at) >= from) };
    }
    return shown(0).find(({ id }) => pathname === `/people/${id}`) ?? 404;
  };
}

const definition = (further: { readonly all?: object; readonly changes?: object } = {}) => ({
  listings: {
    all: { ...list, path: '/people', ...further.all },
    changes: { ...list, path: '/changes', since, ...further.changes },
    one: { path: '/people/{id}' },
  },
});
const bad = async (world: World, further = {}) =>
  said(await probedOf('held-back', source(world), definition(further))).filter((text) =>
    text.startsWith('contradicts'),
  );

test('a list that shows every change is not contradicted', async () => {
  expect(await bad({ changed: 10 })).toEqual([]);
});

test('a list that lacks a change of ten minutes ago, although nothing is declared, is contradicted by `one` and by `changes`', async () => {
  const found = await bad({ changed: 10, all: 15 });
  expect(found).toEqual([
    expect.stringMatching(/^contradicts: 'all' lacks a change of record "p1" that was \d+ s old and that 'one' shows/),
    expect.stringMatching(/that 'changes' shows: .* no `heldBack` is declared, so deltas would lose them$/),
  ]);
});

test('what is withheld for as long as is declared loses nothing, and longer contradicts', async () => {
  expect(await bad({ changed: 10, all: 15 }, { all: { heldBack: '15m' } })).toEqual([]);
  expect(await bad({ changed: 10, all: 15 }, { all: { heldBack: '5m' } })).toHaveLength(2);
});

test('what the lookback covers loses nothing', async () => {
  const found = await probedOf('held-back', source({ changed: 10, all: 15 }), { ...definition(), lookback: '1h' });
  expect(found).toEqual([]);
});

test('a list of changes that lacks what `all` shows is contradicted, and not where that is declared', async () => {
  // the change before it is recent enough to be among the changes of a week
  const earlier = ago(60 * 24);
  const answer: Answer = (url) => {
    if (url.pathname !== '/changes') return source({ changed: 10 })(url);
    const from = Date.parse(url.searchParams.get('since') ?? '');
    if (Number.isNaN(from)) return 400;
    const data = [{ id: 'p1', name: 'p1 as it was', updated_at: earlier }];
    return { data: data.filter(({ updated_at }) => Date.parse(updated_at) >= from) };
  };
  const found = async (changes: object) => said(await probedOf('held-back', answer, definition({ changes })));
  expect(await found({})).toEqual([
    expect.stringMatching(
      /^contradicts: 'changes' lacks a change of record "p1" that was \d+ s old and that 'all' shows/,
    ),
  ]);
  expect(await found({ heldBack: '15m' })).toEqual([]);
});

test('versions that are written less exactly in a list are no change that it lacks', async () => {
  const answer: Answer = (url) => {
    const said = source({ changed: 10 })(url) as { data?: { updated_at: string }[] };
    if (url.pathname !== '/people' || said.data === undefined) return said;
    return { data: said.data.map((one) => ({ ...one, updated_at: `${one.updated_at.slice(0, 10)}T00:00:00Z` })) };
  };
  expect(await probedOf('held-back', answer, definition())).toEqual([]);
});
