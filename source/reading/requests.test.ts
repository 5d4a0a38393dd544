import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import type { ChangesListingInput } from '../../schema/definition/listings/listing';
import {
  json,
  type Responder,
  readAll,
  startSource,
  type TestSource,
  testClient,
  testEntity,
} from '../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const since = new Date('2026-11-21T09:20:37.123Z');
const all = { path: '/all', paging: { scheme: 'none' } } as const;
const record = { id: 1, name: 'Ada', updated_at: '2026-11-22T00:00:00Z' };

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

/** Reads `changes` and returns what was asked. */
async function asked(changes: ChangesListingInput, respond: Responder = (_, response) => json(response, [record])) {
  const bodies: unknown[] = [];
  await source?.close();
  source = await startSource((request, response, url) => {
    void bodyOf(request).then((body) => {
      bodies.push(body);
      respond(request, response, url);
    });
  });
  const client = testClient(source.baseUrl, { listings: { all, changes } }, { settings: { tenant: 'a/b c' } });
  const { records } = await readAll(client, 'changes', { since });
  return { records, bodies, url: source.requests[0] ?? '', headers: source.headers[0] ?? {} };
}

const none = { scheme: 'none' } as const;

test('the cursor inside texts, several times, in path, query and headers, encoded for each place', async () => {
  const { url, headers } = await asked({
    path: '/{tenant}/changes',
    query: { filter: "updated>'{since}' or created>'{since}'", literal: '{{since}}' },
    headers: { 'If-Modified-Since': '{since}' },
    paging: none,
    since: { form: 'iso-seconds', boundary: 'inclusive' },
  });
  const sent = new URL(url, 'http://x');
  expect(sent.pathname).toBe('/a%2Fb%20c/changes');
  expect(sent.searchParams.get('filter')).toBe("updated>'2026-11-21T09:20:37Z' or created>'2026-11-21T09:20:37Z'");
  expect(sent.searchParams.get('literal')).toBe('{since}');
  expect(headers['if-modified-since']).toBe('2026-11-21T09:20:37Z');
});

test.each([
  ['space-seconds', '2026-11-21 09:20:37Z'],
  ['space-milliseconds', '2026-11-21 09:20:37.123Z'],
  ['space-microseconds', '2026-11-21 09:20:37.123000Z'],
  ['http-date', 'Sat, 21 Nov 2026 09:20:37 GMT'],
] as const)('the form %s', async (form, text) => {
  const { url } = await asked({
    path: '/changes',
    paging: none,
    since: { param: 'since', form, boundary: 'inclusive' },
  });
  expect(new URL(url, 'http://x').searchParams.get('since')).toBe(text);
});

test('a search by POST: cursor and page go into the JSON body, sizes as numbers', async () => {
  const { bodies, headers, records } = await asked(
    {
      path: '/search',
      method: 'POST',
      body: { filter: { tenant: '{tenant}', until: '{until}' }, size: 0 },
      records: 'data',
      paging: { scheme: 'token', param: 'page.after', next: 'next', sizeParam: 'page.size', pageSize: 2 },
      since: { param: 'filter.since', form: 'epoch-milliseconds', boundary: 'inclusive' },
    },
    (_, response) => json(response, { data: [record], next: source?.requests.length === 1 ? 't"2' : null }),
  );
  expect(headers['content-type']).toBe('application/json');
  expect(records).toHaveLength(2);
  expect(bodies).toMatchObject([
    { filter: { tenant: 'a/b c', since: '1795252837123' }, size: 0, page: { size: 2 } },
    { filter: { since: '1795252837123' }, page: { size: 2, after: 't"2' } },
  ]);
  const until = Number((bodies[0] as { filter: { until: string } }).filter.until);
  expect(until).toBeGreaterThan(Date.now() - 60_000);
});

test('mistakes in partitions that are records of another entity fail at start with their path', () => {
  const define = (partitions: object, changes: object = {}) => {
    const parent = testEntity({ name: 'boards' });
    return defineConnector({
      name: 'acme',
      settings: z.object({ baseUrl: z.url() }),
      secrets: z.object({}),
      auth: { scheme: 'none' },
      entities: [
        parent,
        testEntity({ partitions, listings: { all: { path: '/of/{partition}', paging: none } }, ...changes } as never),
      ],
    });
  };
  const at = 'acme.entities.people';
  expect(define({ from: 'boards' }).entities.get('people')?.parents).toEqual({
    ...{ entity: 'boards', table: 'acme_boards', fields: [] },
  });
  const query = { all: { path: '/items', query: { of: 'board {partition.name}' }, paging: none } };
  expect(() => define({ from: 'boards', fields: ['name'] }, { listings: query })).not.toThrow();
  expect(() => define({ from: 'boards' }, { listings: query })).toThrow('nothing fills {partition.name}');
  expect(() => define({ from: 'bords' })).toThrow(`${at}.partitions.from: there is no entity 'bords'`);
  expect(() => define({ from: 'people' })).toThrow(`${at}.partitions.from: 'people' depends on people itself`);
  expect(() => define({ from: 'boards', fields: ['size'] })).toThrow(`${at}.partitions.fields: the row of 'boards'`);
  expect(() => define({ from: 'boards' }, { listings: { all } })).toThrow(
    `${at}.listings.all: must contain {partition}`,
  );
  expect(() => define({ from: 'boards' }, { duplicates: { keep: 'first', ordered: true } })).toThrow(
    `${at}.duplicates.keep: 'first' needs an order`,
  );
  const one = { path: '/of/{partition}', paging: none };
  const contacts = {
    ...{ listing: { path: '/contacts', query: { of: '{ids}' }, max: 5, paging: none } },
    ...{ parent: 'owner', readAgain: '7d' },
  };
  expect(() =>
    define({ from: 'boards' }, { listings: { all: one, one: { path: '/one/{id}' } }, related: { contacts } }),
  ).toThrow(
    `${at}.partitions.from: an entity with \`related\` cannot take its partitions from another entity. Write them as a list or a function, or make the related records an entity of their own with \`partitions: { from: 'people' }\``,
  );
});

test('a placeholder that nothing fills, and other mistakes in requests, fail at start with their path', () => {
  const define = (changes: object, one: object = { path: '/one/{id}' }) =>
    defineConnector({
      name: 'acme',
      settings: z.object({ baseUrl: z.url(), tenant: z.string() }),
      secrets: z.object({}),
      auth: { scheme: 'none' },
      entities: [
        testEntity({ listings: { all, changes: { path: '/changes', paging: none, ...changes }, one } as never }),
      ],
    });
  const inclusive = { form: 'iso-seconds', boundary: 'inclusive' };
  expect(() => define({ query: { q: '{since}', t: '{tenant}' }, since: inclusive })).not.toThrow();
  expect(() => define({ query: { q: 'a {snice}' }, since: { param: 'since', ...inclusive } })).toThrow(
    'acme.entities.people.listings.changes.query.q: nothing fills {snice}',
  );
  expect(() => define({ path: '/{partition}', since: { param: 'since', ...inclusive } })).toThrow(
    'nothing fills {partition}',
  );
  expect(() => define({ since: inclusive })).toThrow('people.listings.changes.since.param: missing');
  expect(() => define({ body: {}, since: { param: 'since', ...inclusive } })).toThrow(
    "people.listings.changes.body: a body is sent with method 'POST' only",
  );
  expect(() => define({ since: { param: 'since', ...inclusive } }, { path: '/one' })).toThrow(
    'people.listings.one.path: must contain {id}',
  );
});

test('an error by its value, and a value that means no records', async () => {
  const listing = {
    path: '/all',
    records: 'data',
    paging: none,
    error: { path: 'status', is: false },
    empty: { path: 'data', is: [null, ''] },
  };
  const read = async (body: unknown) => {
    await source?.close();
    source = await startSource((_, response) => json(response, body));
    return readAll(testClient(source.baseUrl, { listings: { all: listing } }));
  };
  expect((await read({ status: true, data: [record] })).records).toEqual([record]);
  expect((await read({ status: true, data: null })).records).toEqual([]);
  await expect(read({ status: false, data: null })).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining('with an error'),
  });
  await expect(read({ status: true })).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining('missing'),
  });
});

describe('nothing has changed, without a body', () => {
  const answer =
    (status: number): Responder =>
    (_, response) =>
      response.writeHead(status).end();
  const changes = {
    path: '/changes',
    paging: none,
    since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' },
  } as const;

  test.each([204, 304])('%d to `changes` is an empty list', async (status) => {
    expect((await asked(changes, answer(status))).records).toEqual([]);
  });

  test('304 to `all` says nothing of what there is; 204 says that there is none, unless a total is declared', async () => {
    const read = async (status: number, total = {}) => {
      await source?.close();
      source = await startSource(answer(status));
      return readAll(testClient(source.baseUrl, { listings: { all: { ...all, ...total } } }));
    };
    await expect(read(304)).rejects.toMatchObject({ type: 'ContractBroken' });
    expect((await read(204)).records).toEqual([]);
    await expect(read(204, { total: { header: 'x-total' } })).rejects.toMatchObject({ type: 'ContractBroken' });
  });
});

describe('changes listed by another clock than the version', () => {
  const old = [1, 2, 3].map((id) => ({ id, updated_at: '2026-01-01T00:00:00Z', generated: 1_795_305_600 }));
  const changes = {
    path: '/changes',
    paging: none,
    since: { param: 'since', form: 'epoch-seconds', boundary: 'inclusive' },
  } as const;
  const filtering: Responder = (_, response, url) =>
    json(
      response,
      old.filter(({ generated }) => generated >= Number(url.searchParams.get('since'))),
    );

  test('a source that has nothing from after tomorrow filters by it: the records come, and one request more was sent', async () => {
    expect((await asked(changes, filtering)).records).toEqual(old);
    expect(source?.requests).toHaveLength(2);
  });

  test('a source that answers the same to every cursor does not filter', async () => {
    await expect(asked(changes, (_, response) => json(response, old))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('the filter is ignored: 3 of 3'),
    });
  });

  test('the declared field decides, without a further request', async () => {
    const declared = { ...changes, since: { ...changes.since, field: 'generated' } };
    expect((await asked(declared, filtering)).records).toEqual(old);
    expect(source?.requests).toHaveLength(1);
    const stale = old.map((one) => ({ ...one, updated_at: '2026-11-22T00:00:00Z', generated: 1_700_000_000 }));
    await expect(asked(declared, (_, response) => json(response, stale))).rejects.toMatchObject({
      message: expect.stringContaining('the filter is ignored'),
    });
  });
});

describe('changes of records without a version', () => {
  const bare = [1, 2].map((id) => ({ id, name: 'Ada' }));
  const changes = {
    path: '/changes',
    paging: none,
    since: { param: 'since', form: 'epoch-seconds', boundary: 'inclusive' },
  } as const;
  const read = async (respond: Responder) => {
    await source?.close();
    source = await startSource(respond);
    const client = testClient(source.baseUrl, { deltaSyncField: undefined as never, listings: { all, changes } });
    return (await readAll(client, 'changes', { since })).records;
  };
  const future = (url: URL) => Number(url.searchParams.get('since')) * 1000 > Date.now();

  test('one further request shows that the source filters: it has nothing from after tomorrow, or refuses such a day', async () => {
    expect(await read((_, response, url) => json(response, future(url) ? [] : bare))).toEqual(bare);
    expect(source?.requests).toHaveLength(2);
    expect(await read((_, response, url) => (future(url) ? json(response, {}, 400) : json(response, bare)))).toEqual(
      bare,
    );
  });

  test('a source that answers the same to every cursor does not filter', async () => {
    await expect(read((_, response) => json(response, bare))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('the filter is ignored: 2 records came'),
    });
  });
});

describe('by id', () => {
  const one = { path: '/one/{id}' } as const;
  const ask = async (id: string, body: unknown, otherId?: 'gone' | 'gone-if-unlisted' | 'error') => {
    await source?.close();
    source = await startSource((_, response) => (body === undefined ? json(response, {}, 404) : json(response, body)));
    const { client, entity } = testClient(source.baseUrl, {
      listings: { all, one: { ...one, ...(otherId && { otherId }) } },
    });
    return client.ask(entity, id, { signal: new AbortController().signal });
  };

  test('another record is an answer of its own kind, whose meaning the definition decides', async () => {
    const survivor = { ...record, id: 3 };
    expect(await ask('7', survivor)).toMatchObject({ kind: 'other-id', otherId: '3', goneIfUnlisted: true });
    expect(await ask('7', survivor, 'error')).toMatchObject({ kind: 'other-id', goneIfUnlisted: false });
    expect(await ask('7', survivor, 'gone')).toMatchObject({
      kind: 'gone',
      detail: expect.stringContaining("another record, '3'"),
    });
  });

  test.each([
    ['a/b', '/one/a%2Fb'],
    ['a%2Fb', '/one/a%252Fb'],
    ['a?b=1#c', '/one/a%3Fb%3D1%23c'],
    [' a b ', '/one/%20a%20b%20'],
    ['ü€', '/one/%C3%BC%E2%82%AC'],
    ['...', '/one/...'],
  ])('the id %j is asked for at %s', async (id, url) => {
    expect(await ask(id, undefined)).toMatchObject({ kind: 'gone' });
    expect(source?.requests).toEqual([url]);
  });

  test.each(['.', '..', '%2e', '%2E.', '', ' '])(
    'the id %j is never sent: it is unclear, and stops nothing',
    async (id) => {
      expect(await ask(id, undefined)).toMatchObject({
        kind: 'unclear',
        detail: expect.stringContaining('cannot be asked for'),
      });
      expect(source?.requests).toEqual([]);
    },
  );
});
