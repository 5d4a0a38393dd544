import type { ListingInput } from '../../schema/definition/listings/listing';
import {
  idsOf,
  json,
  type Responder,
  readAll,
  startSource,
  type TestSource,
  testClient,
} from '../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

type Record_ = { id: number; updated_at?: string };
const people = (count: number, from = 1): Record_[] => Array.from({ length: count }, (_, i) => ({ id: from + i }));

async function list(all: Omit<ListingInput, 'path'>, respond: Responder, options: Parameters<typeof readAll>[2] = {}) {
  await source?.close();
  source = await startSource(respond);
  return readAll(testClient(source.baseUrl, { listings: { all: { path: '/people', ...all } } }), 'all', options);
}

const linked = { records: 'data', total: 'total', paging: { scheme: 'link', next: 'links.next' } } as const;
const tokens = { records: 'data', total: 'total', paging: { scheme: 'token', param: 'after', next: 'next' } } as const;
const keyed = {
  records: 'data',
  total: 'total',
  paging: { scheme: 'keyset', param: 'after', from: 'id', sizeParam: 'n', pageSize: 10 },
} as const;
const { total: _total, ...uncounted } = keyed;
const numbered = { records: 'data', total: 'total', paging: { scheme: 'page', sizeParam: 'n', pageSize: 10 } } as const;
const positioned = {
  records: 'data',
  total: 'total',
  paging: { scheme: 'offset', sizeParam: 'n', pageSize: 10 },
} as const;

/** Answers page k of pages for `after=k`, with a token or link to the next. */
function chained(pages: Record_[][], total: number | undefined, next: (page: number) => unknown): Responder {
  return (_, response, url) => {
    const page = Number(url.searchParams.get('after') ?? 0);
    json(response, { data: pages[page] ?? [], total, next: next(page), links: { next: next(page) } });
  };
}

describe('none', () => {
  test('one answer, whose total is what came', async () => {
    const none = { records: 'data', total: 'total', paging: { scheme: 'none' } } as const;
    const { pages } = await list(none, (_, response) => json(response, { data: people(3), total: 3 }));
    expect(pages).toMatchObject([{ records: people(3), resumePoint: null, requests: 1 }]);
    await expect(list(none, (_, response) => json(response, { data: people(3), total: 4 }))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining("3 records came, but the list's own total is 4"),
    });
  });
});

describe.each<[string, Omit<ListingInput, 'path'>, (page: number) => unknown]>([
  ['link', linked, (page) => `/people?after=${page}`],
  ['token', tokens, (page) => String(page)],
])('%s', (scheme, all, name) => {
  const three = [people(2), people(2, 3), people(1, 5)];
  const upTo = (last: number) => (page: number) => (page < last ? name(page + 1) : null);

  test('follows to the end', async () => {
    const { records, pages } = await list(all, chained(three, 5, upTo(2)));
    expect(idsOf(records)).toEqual([1, 2, 3, 4, 5]);
    expect(pages.map((page) => page.resumePoint === null)).toEqual([false, false, true]);
  });

  test('goes on from any resume point as if nothing had happened', async () => {
    const { pages } = await list(all, chained(three, 5, upTo(2)));
    const resumePoint = JSON.parse(JSON.stringify(pages[0]?.resumePoint));
    const client = testClient(source?.baseUrl ?? '', { listings: { all: { path: '/people', ...all } } });
    const rest = await readAll(client, 'all', { resumePoint });
    expect(idsOf(rest.records)).toEqual([3, 4, 5]);
    expect(rest.pages.at(-1)?.resumePoint).toBeNull();
  });

  test.each([
    ['itself', (page: number) => name(page)],
    ['a circle of three', (page: number) => name(page === 5 ? 3 : page + 1)],
    ['a circle of forty', (page: number) => name(page === 52 ? 13 : page + 1)],
  ])('%s is no end', async (_, next) => {
    const error = await list(
      { ...all, total: undefined } as never,
      chained(Array(60).fill(people(1)), undefined, next),
    ).catch((thrown) => thrown);
    expect(error).toMatchObject({ type: 'ContractBroken', message: expect.stringMatching(/circle|repeats itself/) });
    expect(source?.requests.length).toBeLessThan(200);
  });

  test('a circle is also found when every page is read by another attempt', async () => {
    source = await startSource(
      chained(Array(60).fill(people(1)), undefined, (page) => name(page === 5 ? 3 : page + 1)),
    );
    const { total: _, ...untotalled } = all;
    const { client, entity } = testClient(source.baseUrl, { listings: { all: { path: '/people', ...untotalled } } });
    const { signal } = new AbortController();
    let resumePoint = null;
    let failure: unknown;
    for (let attempt = 0; attempt < 40 && failure === undefined; attempt += 1) {
      const pages = client.streamAll(entity, 'all', { partition: '', resumePoint, signal })[Symbol.asyncIterator]();
      try {
        resumePoint = (await pages.next()).value?.resumePoint ?? null;
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({ message: expect.stringContaining('circle') });
  });

  test.each<[string, number, RegExp]>([
    ['cut short', 9, /ended after 5 records, but its own total is 9/],
    ['longer than it says', 3, /5 records came, but the list's own total is 3/],
  ])('a list that is %s', async (_, total, message) => {
    await expect(list(all, chained(three, total, upTo(2)))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringMatching(message),
    });
  });

  test('records changed while the list is read may come twice', async () => {
    const late = { id: 1, updated_at: new Date(Date.now() + 60_000).toISOString() };
    const { records } = await list(all, chained([people(2), [...people(1, 3), late]], 3, upTo(1)));
    expect(idsOf(records)).toEqual([1, 2, 3, 1]);
  });

  test('a total that shrinks with the list, or grows with it, is no contradiction', async () => {
    let total = 6;
    const moving = chained(three, undefined, upTo(2));
    const { records } = await list(all, (request, response, url) => {
      const end = response.end.bind(response);
      total -= 1;
      response.end = ((body: string) => end(body.replace('"next"', `"total":${total},"next"`))) as never;
      moving(request, response, url);
    });
    expect(records).toHaveLength(5);
  });

  test('empty pages that promise more are followed, but not for ever', async () => {
    const { total: _, ...untotalled } = all;
    const { records } = await list(untotalled, chained([people(1), [], [], people(1, 2)], undefined, upTo(3)));
    expect(idsOf(records)).toEqual([1, 2]);
    await expect(
      list(
        untotalled,
        chained([], undefined, (page) => name(page + 1)),
      ),
    ).rejects.toMatchObject({
      message: expect.stringContaining('were empty and promised more'),
    });
  });

  test('a stale name refused by the source is told as it is', async () => {
    await expect(
      list(all, (_, response, url) => {
        if (url.searchParams.has('after')) json(response, { error: 'token expired' }, 400);
        else json(response, { data: people(2), total: 3, next: name(1), links: { next: name(1) } });
      }),
    ).rejects.toMatchObject({ type: 'ContractBroken', message: expect.stringContaining('token expired') });
  });

  test.each([{ a: 1 }, ['x'], true])('%j names no page', async (next) => {
    await expect(
      list(
        all,
        chained(three, 5, () => next),
      ),
    ).rejects.toMatchObject({ type: 'ContractBroken' });
  });

  test(`a resume point of another scheme is refused`, async () => {
    const resumePoint = { scheme: scheme === 'link' ? 'token' : 'link', next: 'x' };
    await expect(list(all, chained(three, 5, upTo(2)), { resumePoint })).rejects.toMatchObject({ type: 'Usage' });
    expect(source?.requests).toEqual([]);
  });
});

test.each(['https://evil.example/people', '//evil.example/people', 'http://127.0.0.2:1/people', 'javascript:alert(1)'])(
  'a link to %s is refused before anything is sent there',
  async (link) => {
    await expect(
      list(linked, (_, response) => json(response, { data: people(1), total: 2, links: { next: link } })),
    ).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('link to the next page leads to'),
    });
  },
);

describe('keyset', () => {
  const serve = (all: Record_[], options: { cap?: number; inclusive?: boolean; total?: boolean } = {}): Responder => {
    return (_, response, url) => {
      const after = Number(url.searchParams.get('after') ?? Number.NEGATIVE_INFINITY);
      const behind = all.filter(({ id }) => id > after || (options.inclusive && id === after));
      const data = behind.slice(0, Math.min(Number(url.searchParams.get('n')), options.cap ?? 1_000));
      json(response, { data, ...(options.total ? { total: all.length } : {}) });
    };
  };

  test.each([0, 1, 9, 10, 11, 20, 35])(
    '%d records, with a total or without, capped or not, inclusive or not',
    async (count) => {
      for (const total of [true, false]) {
        for (const cap of [3, 1_000]) {
          for (const inclusive of [true, false]) {
            const listing = total ? keyed : uncounted;
            const { records } = await list(listing, serve(people(count), { total, cap, inclusive }));
            expect(records).toEqual(people(count));
          }
        }
      }
    },
  );

  test('goes on from any resume point', async () => {
    const { pages } = await list(uncounted, serve(people(25)));
    for (const page of pages.slice(0, -1)) {
      const client = testClient(source?.baseUrl ?? '', { listings: { all: { path: '/people', ...uncounted } } });
      const rest = await readAll(client, 'all', { resumePoint: page.resumePoint });
      expect(idsOf(rest.records)).toEqual(idsOf(people(25)).slice(Number(page.resumePoint?.after)));
    }
  });

  test('a source that ignores the parameter goes round in a circle', async () => {
    await expect(list(uncounted, (_, response) => json(response, { data: people(10) }))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('circle'),
    });
  });

  test('records that tie on the value would be lost, so it is refused', async () => {
    await expect(list(uncounted, serve([...people(9), { id: 9 }, { id: 9 }]))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining("the same 'id' (9)"),
    });
  });

  test('a list cut short', async () => {
    await expect(
      list(keyed, (_, response, url) =>
        json(response, { data: url.searchParams.has('after') ? [] : people(10), total: 30 }),
      ),
    ).rejects.toMatchObject({ message: expect.stringContaining('ended after 10 records, but its own total is 30') });
  });
});

describe.each([
  ['offset', positioned],
  ['page', numbered],
] as const)('%s', (_, all) => {
  const serve = (records: Record_[], total: number | undefined, cap = 1_000): Responder => {
    return (_request, response, url) => {
      const size = Math.min(Number(url.searchParams.get('n')), cap);
      const start = url.searchParams.has('page')
        ? (Number(url.searchParams.get('page')) - 1) * size
        : Number(url.searchParams.get('offset'));
      json(response, { data: records.slice(start, start + size), total });
    };
  };

  test('goes on from any resume point, which is small', async () => {
    const { pages } = await list(all, serve(people(35), 35));
    expect(pages.length).toBeGreaterThan(3);
    let came = 0;
    for (const page of pages.slice(0, -1)) {
      came += page.records.length;
      expect(JSON.stringify(page.resumePoint).length).toBeLessThan(400);
      const client = testClient(source?.baseUrl ?? '', { listings: { all: { path: '/people', ...all } } });
      const rest = await readAll(client, 'all', { resumePoint: JSON.parse(JSON.stringify(page.resumePoint)) });
      expect(rest.records).toEqual(people(35).slice(came));
    }
  });

  test('a resumed listing notices what moved in between', async () => {
    const records = people(35);
    const { pages } = await list(all, serve(records, 35));
    records.shift();
    await source?.close();
    source = await startSource(serve(records, 34));
    const client = testClient(source.baseUrl, { listings: { all: { path: '/people', ...all } } });
    const rest = await readAll(client, 'all', { resumePoint: pages[1]?.resumePoint ?? null });
    const read = [...(pages[0]?.records ?? []), ...(pages[1]?.records ?? []), ...rest.records];
    expect(read).toEqual(people(35));
  });

  test.each<[string, number]>([
    ['more', 99],
    ['fewer', 20],
  ])('a total of %s than come is a contradiction', async (_more, total) => {
    await expect(list(all, serve(people(35), total))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringMatching(/total|brought nothing new/),
    });
  });

  test('a total that is no number', async () => {
    await expect(list(all, (_request, response) => json(response, { data: [], total: 'many' }))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('"many"'),
    });
  });

  test('a source that ignores the position is noticed', async () => {
    await expect(
      list({ ...all, total: undefined } as never, (_request, response) => json(response, { data: people(10) })),
    ).rejects.toMatchObject({ type: 'ContractBroken' });
    expect(source?.requests.length).toBeLessThan(20);
  });

  test('an empty list that says it has records is not believed', async () => {
    await expect(list(all, (_request, response) => json(response, { data: [], total: 7 }))).rejects.toMatchObject({
      type: 'ContractBroken',
    });
  });

  test('none is an answer', async () => {
    const { pages } = await list(all, (_request, response) => json(response, { data: [], total: 0 }));
    expect(pages).toMatchObject([{ records: [], resumePoint: null, requests: 1, end: { provedBy: 'total' } }]);
  });

  test.each([[[]], [people(3)]])('the declared total is missing: %j is no answer', async (data) => {
    for (const body of [{ data }, { data, total: null }]) {
      await expect(list(all, (_request, response) => json(response, body))).rejects.toMatchObject({
        type: 'ContractBroken',
        message: expect.stringMatching(/'total' in the body, the declared total, is (missing|null)/),
      });
    }
  });
});

test('numbered pages cost one request each, though each seam is proved', async () => {
  const records = people(1_000);
  const { pages } = await list({ ...numbered, paging: { ...numbered.paging, pageSize: 100 } }, (_, response, url) => {
    const size = Number(url.searchParams.get('n'));
    const start = (Number(url.searchParams.get('page')) - 1) * size;
    json(response, { data: records.slice(start, start + size), total: records.length });
  });
  expect(source?.requests.length).toBe(pages.length);
  expect(pages.length).toBeLessThanOrEqual(12);
});

test('a list declared stable is read in plain pages', async () => {
  const records = people(25);
  const { records: read } = await list(
    { ...numbered, paging: { ...numbered.paging, stable: true, firstPage: 0 } },
    (_, response, url) => {
      const start = Number(url.searchParams.get('page')) * 10;
      json(response, { data: records.slice(start, start + 10), total: 25 });
    },
  );
  expect(read).toEqual(records);
  expect(source?.requests).toEqual(['/people?page=0&n=10', '/people?page=1&n=10', '/people?page=2&n=10']);
});
