import type { ChangesListingInput } from '../schema/definition/listings/listing';
import type { Since } from '../schema/definition/listings/since';
import { idsOf, json, readAll, startSource, type TestSource, testClient } from '../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const cursor = new Date('2026-11-21T09:00:00Z');
const minutes = (count: number) => new Date(cursor.getTime() + count * 60_000).toISOString();
const changed = (...offsets: (number | null)[]) =>
  offsets.map((offset, index) => ({ id: index + 1, updated_at: offset === null ? null : minutes(offset) }));

const paging = { scheme: 'link', next: 'next', sizeParam: 'n', pageSize: 50 } as const;
let serial = 0;

/** A client whose connection no other test has used, so that no filter is trusted yet. */
function client(baseUrl: string, changes: Partial<ChangesListingInput> = {}) {
  serial += 1;
  const since: Since = { param: 'since', form: 'iso-seconds', boundary: 'inclusive' };
  return testClient(
    baseUrl,
    {
      listings: {
        all: { path: '/people', records: 'data', paging },
        changes: { path: '/people', records: 'data', paging, since, ...changes },
      },
    },
    { connection: { id: `demo-${serial}`, settings: { baseUrl }, timeZone: 'UTC' } },
  );
}

test('the cursor goes back in the form of the source, beside the query of the listing', async () => {
  source = await startSource((_, response) => json(response, { data: changed(1) }));
  await readAll(client(source.baseUrl, { query: { order: 'updated_at' } }), 'changes', { since: cursor });
  expect(source.requests).toEqual(['/people?order=updated_at&since=2026-11-21T09%3A00%3A00Z&n=50']);
});

test.each<[string, (number | null)[]]>([
  ['none older', [0, 1, 2]],
  ['half older', [-1, 1, -2, 3]],
  ['without versions', [null, null, null]],
  ['one new among many without a version', [null, null, 1]],
])('a page is taken: %s', async (_, offsets) => {
  source = await startSource((_request, response) => json(response, { data: changed(...offsets) }));
  const { records } = await readAll(client(source.baseUrl), 'changes', { since: cursor });
  expect(records).toHaveLength(offsets.length);
});

test.each<[string, (number | null)[]]>([
  ['most older', [-1, -2, 1]],
  ['all older', [-1]],
  ['most of those with a version', [null, null, null, null, -1, -1, 1]],
])('a filter that does not filter is caught before anything is handed out: %s', async (_, offsets) => {
  source = await startSource((_request, response) =>
    json(response, { data: changed(...offsets), next: '/people?page=2' }),
  );
  const pages: unknown[] = [];
  const { client: api, entity } = client(source.baseUrl);
  const reading = (async () => {
    const { signal } = new AbortController();
    for await (const page of api.streamAll(entity, 'changes', { partition: '', since: cursor, signal }))
      pages.push(page);
  })();
  await expect(reading).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringMatching(
      /the filter is ignored: \d of \d records are older than 'since'=2026-11-21T09:00:00Z/,
    ),
  });
  expect(pages).toEqual([]);
  // the second asks for what was changed after tomorrow, which is everything too
  expect(source.requests).toHaveLength(2);
});

test('a second page that is old is caught too', async () => {
  source = await startSource((_, response, url) =>
    json(
      response,
      url.searchParams.has('page') ? { data: changed(-5, -6) } : { data: changed(1), next: '/people?page=2' },
    ),
  );
  await expect(readAll(client(source.baseUrl), 'changes', { since: cursor })).rejects.toMatchObject({
    message: expect.stringContaining('the filter is ignored'),
  });
});

test('a date filter may let through what was changed the day before somewhere on earth', async () => {
  source = await startSource((_, response) =>
    json(response, { data: [{ id: 1, updated_at: '2026-11-19T12:00:00Z' }] }),
  );
  const since: Since = { param: 'since', form: 'date', boundary: 'inclusive' };
  const { records } = await readAll(client(source.baseUrl, { since }), 'changes', { since: cursor });
  expect(source.requests[0]).toContain('since=2026-11-20');
  expect(idsOf(records)).toEqual([1]);
});

test.each([
  ['changes without a cursor', 'changes', undefined],
  ['all with a cursor', 'all', cursor],
  ['a listing that is not there', 'ids', undefined],
] as const)('%s is bad usage', async (_, listing, since) => {
  const reading = readAll(client('http://127.0.0.1:9'), listing, since ? { since } : {});
  await expect(reading).rejects.toMatchObject({ type: 'Usage' });
});

describe('an empty answer', () => {
  /** A source that takes timestamps in one form only and answers an empty list to any other. */
  function picky(likes: RegExp, all: object[]) {
    return startSource((_, response, url) => {
      const since = url.searchParams.get('since');
      const known = all as { updated_at?: string }[];
      if (since === null) json(response, { data: known });
      else if (!likes.test(since)) json(response, { data: [] });
      else
        json(response, { data: known.filter(({ updated_at }) => Date.parse(updated_at ?? '') >= Date.parse(since)) });
    });
  }

  test('because nothing has changed is one, and is asked about once', async () => {
    source = await picky(/Z$/, changed(-60, -90));
    const api = client(source.baseUrl);
    expect((await readAll(api, 'changes', { since: cursor })).pages).toMatchObject([{ records: [], requests: 4 }]);
    expect((await readAll(api, 'changes', { since: cursor })).pages).toMatchObject([{ records: [], requests: 1 }]);
    expect(source.requests).toHaveLength(5);
  });

  test('because the form was not liked is caught', async () => {
    source = await picky(/\.\d{3}Z$/, changed(-60, -90));
    await expect(readAll(client(source.baseUrl), 'changes', { since: cursor })).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining("Check the form of the timestamp ('iso-seconds')"),
    });
  });

  test('of an empty source is one', async () => {
    source = await picky(/Z$/, []);
    expect((await readAll(client(source.baseUrl), 'changes', { since: cursor })).records).toEqual([]);
  });

  test('of another endpoint than `all` says nothing, since it may keep changes for a shorter time', async () => {
    source = await startSource((_, response, url) =>
      json(response, { data: url.pathname === '/people' ? changed(-60) : [] }),
    );
    const { records } = await readAll(client(source.baseUrl, { path: '/changes' }), 'changes', { since: cursor });
    expect(records).toEqual([]);
    expect(source.requests).toHaveLength(1);
  });

  test('after answers that were not empty is trusted', async () => {
    let data = changed(1);
    source = await startSource((_, response) => json(response, { data }));
    const api = client(source.baseUrl);
    await readAll(api, 'changes', { since: cursor });
    data = [];
    await readAll(api, 'changes', { since: cursor });
    expect(source.requests).toHaveLength(2);
  });
});
