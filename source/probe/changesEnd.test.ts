import { type Answer, probedOf, said } from '../../test/support/sources/probed';

/** `changes` is a list of its own: it may say otherwise than `all` that it goes on. */

const people = Array.from({ length: 8 }, (_, n) => ({ id: `p${n}`, updated_at: `2026-01-0${n + 1}T00:00:00Z` }));
const since = { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } as const;

/** A source whose changes come in pages of so many, and say so like this. */
const source =
  (told: (more: boolean, next: string) => object): Answer =>
  ({ pathname, searchParams }) => {
    if (pathname === '/people') return { data: people };
    const found = people.find(({ id }) => pathname === `/people/${id}`);
    if (found !== undefined || pathname !== '/changes') return found ?? 404;
    const from = Date.parse(searchParams.get('since') ?? '');
    const changed = people.filter(({ updated_at }) => Number.isNaN(from) || Date.parse(updated_at) >= from);
    const start = Number(searchParams.get('after') ?? 0);
    const end = start + Number(searchParams.get('size') ?? 50);
    return { data: changed.slice(start, end), ...told(end < changed.length, String(end)) };
  };
const definition = (paging: object) => ({
  listings: {
    all: { path: '/people', records: 'data', paging: { scheme: 'none' as const } },
    changes: {
      ...{ path: '/changes', records: 'data', since },
      paging: { scheme: 'token', param: 'after', next: 'next', sizeParam: 'size', pageSize: 50, ...paging } as never,
    },
    one: { path: '/people/{id}' },
  },
});
const probed = async (told: (more: boolean, next: string) => object, paging: object = {}) =>
  said(await probedOf('end', source(told), definition(paging)));

test('a list of changes that says where it goes on agrees', async () => {
  const agrees = ["agrees: of 'changes', asked for 4, the source says that there are more"];
  expect(await probed((more, next) => (more ? { next } : {}))).toEqual(agrees);
  expect(await probed((more, next) => ({ next, hasMore: more }), { more: 'hasMore' })).toEqual(agrees);
});

test.each<[string, (more: boolean, next: string) => object, object, string]>([
  ['at another place', (more, next) => (more ? { links: { next } } : {}), {}, 'neither page says that there are more'],
  [
    'by a flag that the definition does not name',
    (more, next) => ({ next, hasMore: more }),
    {},
    "its 'hasMore' is false",
  ],
  ['by another flag', (more, next) => ({ next, hasMore: more }), { more: 'more' }, "has nothing at 'more'"],
])('contradicts where it says so %s', async (_where, told, paging, finding) => {
  const [found, ...others] = await probed(told, paging);
  expect(others).toEqual([]);
  expect(found).toMatch(/^contradicts: of 'changes', /);
  expect(found).toContain(finding);
});
