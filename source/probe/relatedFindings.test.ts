import type { RelatedInput } from '../../schema/definition/related';
import { type Answer, probedOf, said } from '../../test/support/sources/probed';

/** Six customers; the last three have two contacts each. */
const customers = Array.from({ length: 6 }, (_, n) => ({ id: `c${n}`, updated_at: '2026-01-01T00:00:00Z' }));
const contacts = customers
  .slice(3)
  .flatMap(({ id }) =>
    ['a', 'b'].map((no) => ({ id: `${id}-${no}`, customer: id, modified: `2026-02-0${no === 'a' ? 1 : 2}T00:00:00Z` })),
  );

const paging = { scheme: 'none' } as const;
const kind: RelatedInput = {
  listing: { path: '/contacts', query: { of: '{ids}' }, records: 'data', paging },
  parent: 'customer',
  version: 'modified',
  readAgain: '1d',
};
const changes: NonNullable<RelatedInput['changes']> = {
  path: '/changed',
  records: 'data',
  paging,
  since: { param: 'since', field: 'modified', form: 'iso-seconds', boundary: 'inclusive' },
};

/** A source whose behaviour a test changes at single addresses. */
const source =
  (other: Readonly<Record<string, Answer>> = {}): Answer =>
  (url) => {
    const changed = other[url.pathname]?.(url);
    if (changed !== undefined) return changed;
    const { searchParams } = url;
    switch (url.pathname) {
      case '/people':
        return { data: customers };
      case '/contacts': {
        const of = (searchParams.get('of') ?? '').split(',');
        return { data: contacts.filter(({ customer }) => of.includes(customer)) };
      }
      case '/changed': {
        const since = searchParams.get('since') ?? '';
        return { data: contacts.filter(({ modified }) => modified >= since) };
      }
      case '/all-contacts':
        return { data: contacts };
      default:
        return customers.find(({ id }) => url.pathname === `/people/${id}`) ?? 404;
    }
  };

const related = (contact: RelatedInput) => ({
  listings: {
    all: { path: '/people', records: 'data', paging },
    changes: {
      path: '/people',
      records: 'data',
      paging,
      since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } as const,
    },
    one: { path: '/people/{id}' },
  },
  related: { contacts: contact },
});
const full: RelatedInput = { ...kind, changes, ids: { path: '/all-contacts', records: 'data', paging } };
const probed = async (answer: Answer, of: RelatedInput = full) => said(await probedOf('related', answer, related(of)));

test('a source that does what the definition says is not contradicted', async () => {
  expect(await probed(source())).toEqual([
    'agrees: contacts: 6 related records of 6 records were read at once, each of one that was asked for',
    "agrees: contacts: the filter of 'changes' works, and 6 changes name their records",
    "agrees: contacts: 'ids' lists 6 with their records and ids",
  ]);
});

test.each<[string, RelatedInput, Readonly<Record<string, Answer>>, string]>([
  [
    '{ids} is ignored',
    { ...kind, listing: { ...kind.listing, max: 4 } },
    { '/contacts': () => ({ data: contacts }) },
    '4 of 6 belong to records that were not asked for',
  ],
  ['so many are refused at once', kind, { '/contacts': () => 400 }, 'of 6 records at once they cannot be read'],
  ['the parent is elsewhere', { ...kind, parent: 'client' }, {}, '6 of 6 do not name the record that they belong to'],
  ['the key is no key', { ...kind, key: 'customer' }, {}, '3 of 6 ids came twice'],
  ['the version is elsewhere', { ...kind, version: 'changed' }, {}, "none of 6 has a 'changed'"],
  [
    'what is shown of several is cut',
    kind,
    { '/contacts': (url) => (url.searchParams.get('of')?.includes(',') ? { data: contacts.slice(0, 5) } : undefined) },
    'of record "c5", 1 more come when it is asked for alone',
  ],
  [
    'the filter of changes is ignored',
    full,
    { '/changed': () => ({ data: contacts }) },
    'since a day in the future, 6 older records were returned',
  ],
  [
    'changes do not name their record',
    { ...kind, changes: { ...changes, parent: 'of' } },
    {},
    '6 of 6 changes do not name the record',
  ],
  [
    'changes have no instant',
    { ...kind, changes: { ...changes, since: { ...changes.since, field: 'at' } as never } },
    { '/changed': (url) => ({ data: (url.searchParams.get('since') ?? '') > '2026-11' ? [] : contacts }) },
    "none of 6 changes has an instant at 'at'",
  ],
  [
    'ids lack the parent',
    { ...full, ids: { path: '/all-contacts', records: 'data', paging, parent: 'of' } },
    {},
    "in 'ids', 6 of 6 do not name the record",
  ],
])('contradicts where %s', async (_where, of, other, finding) => {
  expect(await probed(source(other), of)).toContainEqual(expect.stringMatching(`^contradicts: contacts: .*`));
  expect(await probed(source(other), of)).toContainEqual(expect.stringContaining(finding));
});

describe('is no contradiction', () => {
  const contradictions = async (answer: Answer, of: RelatedInput = kind) =>
    (await probed(answer, of)).filter((text) => text.startsWith('contradicts'));

  test('a first page that is full, of a list that says neither what follows nor how many there are', async () => {
    const listing = { ...kind.listing, paging: { scheme: 'offset', sizeParam: 'size', pageSize: 5 } } as const;
    const answer = source({
      '/contacts': ({ searchParams }) => {
        const of = (searchParams.get('of') ?? '').split(',');
        const from = Number(searchParams.get('offset') ?? 0);
        return { data: contacts.filter(({ customer }) => of.includes(customer)).slice(from, from + 5) };
      },
    });
    expect(await contradictions(answer, { ...kind, listing })).toEqual([]);
  });

  test('ids that are numbered for each record, or a related record of several', async () => {
    const numbered = contacts.map((one) => ({ ...one, id: one.id.slice(3) }));
    expect(await contradictions(source({ '/contacts': () => ({ data: numbered }) }))).toEqual([]);
  });

  test('one that came between two requests, and a failure of the source', async () => {
    let asked = 0;
    const late = source({ '/contacts': () => ({ data: asked++ === 0 ? contacts.slice(0, 5) : contacts }) });
    expect(await contradictions(late)).toEqual([]);
    expect(await contradictions(source({ '/contacts': () => 503 }))).toEqual([]);
  });
});

test('an id that contains what separates ids is not sent with others, and is named', async () => {
  const people = [{ id: 'a,b', updated_at: '2026-01-01T00:00:00Z' }, ...customers];
  const found = await probed(source({ '/people': () => ({ data: people }) }), kind);
  expect(found[0]).toMatch(/^unknown: contacts: not every record can be asked for together with others: the id 'a,b'/);
  expect(found[1]).toMatch(/^agrees: contacts: 6 related records of 6 records/);
});

test('says what could not be seen', async () => {
  expect(await probed(source({ '/people': () => ({ data: [] }) }))).toEqual([
    'unknown: contacts: no record is listed whose related records could be read',
  ]);
  expect(await probed(source({ '/contacts': () => ({ data: [] }) }), kind)).toEqual([
    'unknown: contacts: 6 records have none',
  ]);
});
