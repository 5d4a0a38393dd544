import type { ProbeFinding } from '../../schema/definition/checks';
import type { EntityInput } from '../../schema/definition/entity';
import type { Since } from '../../schema/definition/listings/since';
import type { JsonObject } from '../../schema/json/json';
import { json, type row, startSource, type TestSource, testClient } from '../../test/support/sources/httpSource';

/** Definitions that are right, of sources with a peculiarity that a probe once took for a mistake. */
let source: TestSource | undefined;
afterEach(() => source?.close());

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString();
const { signal } = new AbortController();

interface Asked {
  readonly url: URL;
  /** the filter's value */
  readonly since: string | null;
  /** the record that is asked for */
  readonly id: string | undefined;
}

/** Probes a source that answers lists and records like this; `redirect` sends the asker on. */
async function probed(
  answer: (asked: Asked) => JsonObject | { readonly redirect: string } | undefined,
  definition: Partial<EntityInput<typeof row, JsonObject>>,
  deleted: readonly string[] = [],
): Promise<readonly ProbeFinding[]> {
  source = await startSource((_request, response, url) => {
    const id = /^\/people\/(.+)$/.exec(url.pathname)?.[1];
    const said = answer({ url, since: url.searchParams.get('since'), id });
    if (said === undefined) return json(response, { error: 'no' }, 404);
    if (typeof said.redirect === 'string') return json(response, {}, 301, { Location: said.redirect });
    return json(response, said);
  });
  const { client, entity } = testClient(source.baseUrl, definition);
  return (await client.probe(entity, { partition: '', deleted, signal })).findings;
}

const bad = (findings: readonly ProbeFinding[]) => findings.filter(({ verdict }) => verdict === 'contradicts');
const sizes = { sizeParam: 'size', pageSize: 50 } as const;
const people = { path: '/people', records: 'data', paging: { scheme: 'none' } } as const;

test('a strict filter, and records that have a version only because it falls back to their creation', async () => {
  const items = Array.from({ length: 6 }, (_, n) => ({ id: `i${n}`, created_at: at(n), updated_at: null }));
  const since: Since = { param: 'since', form: 'iso-milliseconds', boundary: 'exclusive' };
  const findings = await probed(
    ({ since: after }) => ({ data: items.filter(({ created_at }) => after === null || created_at > after) }),
    {
      deltaSyncField: { name: 'updated_at', kind: 'instant', from: (r) => (r.updated_at ?? r.created_at) as string },
      listings: { all: people, changes: { ...people, since } },
    },
  );
  expect(bad(findings)).toEqual([]);
  expect(findings).toContainEqual(
    expect.objectContaining({ finding: "a record whose 'updated_at' is null comes with the changes" }),
  );
});

test('a filter by date, and a first page that holds only older records of that day', async () => {
  const items = Array.from({ length: 20 }, (_, n) => ({ id: `i${100 + n}`, updated_at: at(n * 60) }));
  const paging = { scheme: 'keyset', param: 'after', from: 'id', sizeParam: 'size', pageSize: 4 } as const;
  const since: Since = { param: 'since', form: 'date', boundary: 'inclusive' };
  const findings = await probed(
    ({ url, since: from }) => {
      const after = url.searchParams.get('after') ?? '';
      const size = Number(url.searchParams.get('size'));
      const listed = items.filter(({ id, updated_at }) => id > after && updated_at >= (from ?? ''));
      // the newest come first in `all`, so that its first page shows them
      return { data: (from === null && after === '' ? listed.toReversed() : listed).slice(0, size) };
    },
    { listings: { all: { ...people, paging }, changes: { ...people, paging, since } } },
  );
  expect(bad(findings).filter(({ about }) => about === 'boundary' || about === 'filter')).toEqual([]);
  expect(findings).toContainEqual(expect.objectContaining({ about: 'boundary' }));
});

test('a list by token whose last page is empty', async () => {
  const items = ['a', 'b', 'c'].map((id) => ({ id, updated_at: at(1) }));
  const paging = { scheme: 'token', param: 'after', next: 'next', ...sizes } as const;
  const findings = await probed(
    ({ url }) => (url.searchParams.has('after') ? { data: [] } : { data: items, next: 'c' }),
    { listings: { all: { ...people, paging } } },
  );
  expect(bad(findings)).toEqual([]);
  expect(findings).toContainEqual(
    expect.objectContaining({
      about: 'cap',
      verdict: 'unknown',
      finding: expect.stringContaining('the last page is empty'),
    }),
  );
});

describe('a deleted record that was merged into another', () => {
  const alive = { id: 'a', name: 'Ada', updated_at: at(1) };
  const definition = (otherId: 'gone' | 'error') => ({
    listings: { all: people, one: { path: '/people/{id}', otherId } },
  });
  const shown = ({ id }: Asked) =>
    id === undefined ? { data: [alive] } : id === 'a' || id === 'b' ? alive : undefined;

  test('is answered as the other one', async () => {
    const findings = await probed(shown, definition('gone'), ['b']);
    expect(bad(findings)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        about: 'deleted',
        verdict: 'agrees',
        finding: expect.stringContaining('another record, "a"'),
      }),
    );
  });

  test('proves nothing where the definition says so', async () => {
    const findings = await probed(shown, definition('error'), ['b']);
    expect(findings).toContainEqual(expect.objectContaining({ about: 'deleted', verdict: 'unknown' }));
  });

  test('leads to the other one by a redirect', async () => {
    const findings = await probed(
      (asked) => (asked.id === 'b' ? { redirect: '/people/a' } : shown(asked)),
      definition('gone'),
      ['b'],
    );
    expect(bad(findings)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        about: 'deleted',
        verdict: 'agrees',
        finding: expect.stringContaining('another record, "a"'),
      }),
    );
  });

  test('a record that never existed and is answered as another still contradicts', async () => {
    const findings = await probed(({ id }) => (id === undefined ? { data: [alive] } : alive), definition('gone'));
    expect(bad(findings)).toContainEqual(expect.objectContaining({ about: 'missing' }));
  });
});

test('an id that no path can hold', async () => {
  const items = ['..', 'a'].map((id) => ({ id, name: id, updated_at: at(1) }));
  const findings = await probed(
    ({ id }) => (id === undefined ? { data: items } : items.find((item) => item.id === id)),
    { listings: { all: people, one: { path: '/people/{id}' } } },
    ['.'],
  );
  expect(bad(findings)).toEqual([]);
  expect(findings).toContainEqual(
    expect.objectContaining({ about: 'one', verdict: 'unknown', finding: expect.stringContaining("'..'") }),
  );
});
