import { setTimeout as sleep } from 'node:timers/promises';
import type { ListingFunction, OneFunction, OwnResponse } from '../../../schema/definition/listings/ownRequests';
import type { JsonObject } from '../../../schema/json/json';
import {
  idsOf,
  json,
  openBudget,
  readAll,
  secretToken,
  startSource,
  type TestSource,
  testClient,
  testEntity,
} from '../../../test/support/sources/httpSource';

/** Lists and records that functions of the definition read over the engine's requests. */
let source: TestSource | undefined;
afterEach(() => source?.close());

const records = Array.from({ length: 5 }, (_, n) => ({
  id: `r${n}`,
  name: `Record ${n}`,
  updated_at: '2026-01-01T00:00:00Z',
}));
type Body = { readonly data: JsonObject[]; readonly next: number | null };
const bodyOf = ({ body }: OwnResponse) => body as Body;

/** Two records a page: `/people?after=2`; and `/people/r1`. */
async function people(answer?: (url: URL) => { status: number; body: unknown } | undefined): Promise<TestSource> {
  source = await startSource((_request, response, url) => {
    const instead = answer?.(url);
    if (instead) return json(response, instead.body, instead.status);
    const id = /^\/people\/(.+)$/.exec(url.pathname)?.[1];
    if (id !== undefined) {
      const found = records.find((record) => record.id === id);
      return found ? json(response, found) : json(response, { error: 'unknown' }, 404);
    }
    const after = Number(url.searchParams.get('after') ?? 0);
    const next = after + 2 < records.length ? after + 2 : null;
    return json(response, { data: records.slice(after, after + 2), next });
  });
  return source;
}

const clientOf = (baseUrl: string, read: ListingFunction, options: Parameters<typeof testClient>[2] = {}) =>
  testClient(
    baseUrl,
    { listings: { all: { path: '/people', records: 'data', paging: { scheme: 'function', read } } } },
    options,
  );

/** Reads page by page; `returns` decides how it ends. */
const byCursor = (returns: 'end' | 'nothing' | number): ListingFunction =>
  async function* ({ request, next, end }) {
    for (let after = next; ; ) {
      const response = await request({ query: { after: Number(after ?? 0) } });
      after = bodyOf(response).next;
      yield { records: bodyOf(response).data, from: [response], next: after };
      if (after === null) break;
    }
    if (returns === 'nothing') return undefined;
    return end(returns === 'end' ? {} : { total: returns });
  };

const refusal = async (read: ListingFunction, answer?: Parameters<typeof people>[0]) => {
  const { baseUrl } = await people(answer);
  return readAll(clientOf(baseUrl, read)).then(
    () => 'nothing was thrown',
    (error: { type: string; message: string }) => `${error.type}: ${error.message}`,
  );
};

test('yields pages in order, each of which a later attempt goes on after, and its requests are the engine’s', async () => {
  const { baseUrl, requests, headers } = await people();
  const budget = openBudget();
  const client = clientOf(baseUrl, byCursor('end'), { budget });
  const { pages, records: read } = await readAll(client);
  expect(idsOf(read)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
  expect(pages.map(({ resumePoint }) => resumePoint !== null)).toEqual([true, true, false]);
  expect(pages.at(-1)?.end).toEqual({ provedBy: 'sign', certain: true });
  expect(pages.reduce((sum, page) => sum + page.requests, 0)).toBe(3);
  expect(budget.taken).toBe(3);
  expect(headers.every(({ authorization }) => authorization === `Bearer ${secretToken}`)).toBe(true);
  const resumePoint = JSON.parse(JSON.stringify(pages[0]?.resumePoint));
  requests.length = 0;
  expect(idsOf((await readAll(client, 'all', { resumePoint })).records)).toEqual(['r2', 'r3', 'r4']);
  expect(requests).toEqual(['/people?after=2', '/people?after=4']);
});

test('end({ total }) is the source’s number of all records, also where the list was read in two attempts', async () => {
  const { baseUrl } = await people();
  const client = clientOf(baseUrl, byCursor(5));
  const { pages } = await readAll(client);
  expect(pages.at(-1)?.end).toEqual({ provedBy: 'total', certain: true });
  const resumePoint = pages[1]?.resumePoint ?? null;
  expect((await readAll(client, 'all', { resumePoint })).pages.at(-1)?.end).toEqual({
    provedBy: 'total',
    certain: true,
  });
  await expect(readAll(clientOf(baseUrl, byCursor(6)))).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining("5 records were read, but the list's own total is 6"),
  });
});

test('a function that only returns proves no end', async () => {
  const { baseUrl } = await people();
  const { pages, records: read } = await readAll(clientOf(baseUrl, byCursor('nothing')));
  expect(read).toHaveLength(5);
  expect(pages.at(-1)).toMatchObject({ resumePoint: null, end: { certain: false } });
});

test('an error of a request fails the list although the function swallows it', async () => {
  const swallowing: ListingFunction = async function* ({ request, end }) {
    const first = await request();
    yield { records: bodyOf(first).data, from: [first], next: 2 };
    try {
      const second = await request({ query: { after: 2 } });
      yield { records: bodyOf(second).data, from: [second] };
    } catch {
      // taken for the end of the list
    }
    return end();
  };
  const answer = (url: URL) => (url.search === '' ? undefined : { status: 500, body: { message: 'down' } });
  expect(await refusal(swallowing, answer)).toMatch(/^SourceUnavailable: /);
});

test('a function that asks ahead does not make an older answer younger', async () => {
  const { baseUrl } = await people();
  const { pages } = await readAll(
    clientOf(baseUrl, async function* ({ request, end }) {
      const first = await request();
      await sleep(20);
      // the second page is asked for before the first one is yielded
      const second = await request({ query: { after: 2 } });
      yield { records: bodyOf(first).data, from: [first], next: 2 };
      yield { records: bodyOf(second).data, from: [second], next: 4 };
      const both = await request({ query: { after: 4 } });
      yield { records: [...bodyOf(both).data, { id: 'later' }], from: [both, first] };
      return end();
    }),
  );
  const [first, second, both] = pages;
  expect(first?.received).toBeLessThan(second?.sent ?? 0);
  // a page of two answers was sent with the earlier and received with the later
  expect(both?.sent).toBe(first?.sent);
  expect(both?.received).toBeGreaterThan(second?.received ?? 0);
});

test.each<[string, ListingFunction]>([
  [
    'records without the responses',
    async function* ({ request, end }) {
      yield { records: bodyOf(await request()).data, from: [] };
      return end();
    },
  ],
  [
    'a response that `request` did not return',
    async function* ({ request, end }) {
      const response = await request();
      yield { records: bodyOf(response).data, from: [{ ...response }] };
      return end();
    },
  ],
  [
    'no list of records',
    async function* ({ request, end }) {
      const response = await request();
      yield { records: undefined as never, from: [response] };
      return end();
    },
  ],
  [
    'a page without `next` and went on',
    async function* ({ request, end }) {
      for (let n = 0; n < 2; n++) {
        const response = await request({ query: { after: 2 * n } });
        yield { records: bodyOf(response).data, from: [response] };
      }
      return end();
    },
  ],
  [
    'goes round in a circle',
    async function* ({ request }) {
      for (let n = 0; ; n++) {
        const response = await request({ query: { after: 2 * (n % 2) } });
        yield { records: bodyOf(response).data, from: [response], next: n % 2 };
      }
    },
  ],
  [
    'requests without a result',
    async function* ({ request, end }) {
      let response = await request();
      while (response.status === 200) response = await request();
      yield { records: [], from: [response] };
      return end();
    },
  ],
  [
    'returned something else than end()',
    async function* ({ request }) {
      const response = await request();
      yield { records: bodyOf(response).data, from: [response] };
      return { total: 2 };
    },
  ],
  [
    'ended without a page',
    // nothing is yielded where the first page is empty
    async function* ({ request, end }) {
      const response = await request({ query: { after: 99 } });
      if (bodyOf(response).data.length > 0) yield { records: bodyOf(response).data, from: [response] };
      return end();
    },
  ],
  [
    'its function failed: Cannot destructure',
    async function* ({ request, end }) {
      const response = await request();
      const { edges } = (response.body as { nodes: { edges: [] } }).nodes;
      yield { records: edges, from: [response] };
      return end();
    },
  ],
])('refuses a function that yields or does something else: %s', async (problem, read) => {
  const text = await refusal(read);
  expect(text).toMatch(/^ContractBroken: /);
  expect(text).toContain(problem);
});

test('a request that the function does not wait for, and that fails, ends neither the process nor well', async () => {
  const forgetful: ListingFunction = async function* ({ request, end }) {
    const response = await request();
    void request({ path: '/broken' });
    await sleep(50);
    yield { records: bodyOf(response).data, from: [response] };
    return end();
  };
  expect(
    await refusal(forgetful, ({ pathname }) => (pathname === '/broken' ? { status: 418, body: {} } : undefined)),
  ).toMatch(/^ContractBroken: /);
});

test('what a function asks for is sent as it is, below the base URL, and to no other host', async () => {
  const { baseUrl, requests } = await people(() => ({ status: 200, body: { data: [] } }));
  const asking: ListingFunction = async function* ({ request, partition, end }) {
    await request({ path: '/other?x=1', query: { text: '{partition} & more' } });
    const response = await request({ path: '//example.com/people' });
    yield { records: [], from: [response], next: partition };
    return end();
  };
  await readAll(clientOf(`${baseUrl}/api`, asking));
  expect(requests).toEqual(['/api/other?x=1&text=%7Bpartition%7D+%26+more', '/api//example.com/people']);
  expect(
    await refusal(async function* ({ request, end }) {
      yield { records: [], from: [await request({ path: 'people' })] };
      return end();
    }),
  ).toContain('does not begin with a slash');
});

test('statuses that the function names are responses, and long numbers stay exact where the records are', async () => {
  const { baseUrl } = await people(({ pathname }) =>
    pathname === '/people'
      ? { status: 200, body: '{"data":[{"id":"r0","name":"x","n":12345678901234567890}]}' }
      : undefined,
  );
  const read: ListingFunction = async function* ({ request, end }) {
    const missing = await request({ path: '/people/none', statuses: [404] });
    const response = await request();
    yield { records: bodyOf(response).data, from: [missing, response] };
    return end({ total: missing.status === 404 && missing.body === undefined ? 1 : 0 });
  };
  const { pages } = await readAll(clientOf(baseUrl, read));
  expect(pages[0]?.records).toEqual([{ id: 'r0', name: 'x', n: '12345678901234567890' }]);
  const live = [];
  for await (const answers of pages[0]?.answers() ?? []) live.push(...answers.live);
  expect(JSON.stringify(live.map(({ raw }) => raw))).toContain('12345678901234567890');
});

describe('`one`', () => {
  const asking = async (read: OneFunction, id = 'r1', answer?: Parameters<typeof people>[0]) => {
    const { baseUrl } = await people(answer);
    const one = { path: '/people', read };
    const { client, entity } = testClient(baseUrl, {
      listings: { all: { path: '/people', records: 'data', paging: { scheme: 'none' } }, one },
    });
    return client.ask(entity, id, { signal: new AbortController().signal });
  };
  const found: OneFunction = async ({ id, request, live, gone }) => {
    const { status, body } = await request({ path: `/people/${id}`, statuses: [404] });
    return status === 404 ? gone('the source answered 404') : live(body as object);
  };

  test('says live or gone with what showed it', async () => {
    expect(await asking(found)).toMatchObject({ kind: 'live', live: { id: 'r1', row: { name: 'Record 1' } } });
    expect(await asking(found, 'r9')).toMatchObject({ kind: 'gone', detail: expect.stringContaining('answered 404') });
  });

  test.each<[string, OneFunction]>([
    [
      'returned nothing',
      (async ({ request, id }) => {
        await request({ path: `/people/${id}` });
        return undefined as never;
      }) as OneFunction,
    ],
    [
      'returned something else',
      async ({ request }) => {
        await request();
        return { kind: 'gone' };
      },
    ],
    ['without a request', async ({ gone }) => gone('I know')],
    [
      'not what showed it',
      async ({ request, gone }) => {
        await request();
        return gone(' ');
      },
    ],
    [
      'is no object',
      async ({ request, live }) => {
        await request();
        return live(undefined as never);
      },
    ],
    [
      'its function failed',
      async ({ request }) => {
        await request();
        throw new Error('no such path');
      },
    ],
  ])('anything else proves nothing: %s', async (problem, read) => {
    expect(await asking(read)).toMatchObject({ kind: 'unclear', detail: expect.stringContaining(problem) });
  });

  test('an error that it swallows is no evidence: of the source it is thrown, of the record it proves nothing', async () => {
    const swallowing: OneFunction = async ({ id, request, live, gone }) => {
      try {
        return live((await request({ path: `/people/${id}` })).body as object);
      } catch {
        return gone('it could not be found');
      }
    };
    expect(await asking(swallowing, 'r9')).toMatchObject({ kind: 'unclear' });
    await expect(asking(swallowing, 'r1', () => ({ status: 503, body: {} }))).rejects.toMatchObject({
      type: 'SourceUnavailable',
    });
  }, 30_000);

  test('a record with another id is another record', async () => {
    const other: OneFunction = async ({ request, live }) =>
      live((await request({ path: '/people/r2' })).body as object);
    expect(await asking(other)).toMatchObject({ kind: 'other-id', otherId: 'r2' });
  });
});

test('mistakes in a definition with functions fail at start with their path', () => {
  const define = (changes: object, one?: object) =>
    testEntity({ listings: { all: { path: '/people', ...changes }, ...(one && { one }) } as never });
  const paging = { scheme: 'function', read: byCursor('end') };
  expect(() => define({ paging })).not.toThrow();
  expect(() => define({ paging: { scheme: 'function' } })).toThrow(
    'people.listings.all.paging.read: must be an async generator function',
  );
  expect(() => define({ paging, total: 'total' })).toThrow('people.listings.all.total: not used');
  expect(() => define({ paging }, { path: '/people' })).toThrow('people.listings.one.path: must contain {id}');
  expect(() => define({ paging }, { path: '/people', read: async () => ({ kind: 'gone' }) })).not.toThrow();
});

test('a probe lets the function read, and finds what it does not prove', async () => {
  const { baseUrl } = await people();
  const probed = async (read: ListingFunction) => {
    const { client, entity } = clientOf(baseUrl, read);
    const { findings } = await client.probe(entity, {
      partition: '',
      deleted: [],
      signal: new AbortController().signal,
    });
    return Object.fromEntries(findings.map(({ about, verdict }) => [about, verdict]));
  };
  const atOnce = (ends: boolean): ListingFunction =>
    async function* ({ request, end }) {
      const response = await request();
      yield { records: bodyOf(response).data, from: [response] };
      return ends ? end() : undefined;
    };
  const unexamined = { 'own-function': 'unknown' };
  expect(await probed(atOnce(true))).toEqual({ ...unexamined, list: 'agrees', ids: 'agrees', end: 'agrees' });
  expect(await probed(atOnce(false))).toEqual({ ...unexamined, list: 'agrees', ids: 'agrees', end: 'contradicts' });
  expect(await probed(byCursor('end'))).toMatchObject({ end: 'unknown' });
  expect(
    await probed(async function* ({ request, end }) {
      yield { records: [], from: [{ ...(await request()) }] };
      return end();
    }),
  ).toEqual({ ...unexamined, list: 'contradicts' });
});
