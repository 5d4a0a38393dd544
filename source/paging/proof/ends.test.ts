import type { ServerResponse } from 'node:http';
import type { ListingInput } from '../../../schema/definition/listings/listing';
import {
  idsOf,
  json,
  type Responder,
  readAll,
  startSource,
  type TestSource,
  testClient,
} from '../../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const people = (count: number) => Array.from({ length: count }, (_, at) => ({ id: at + 1 }));

async function list(all: Omit<ListingInput, 'path'>, respond: Responder) {
  await source?.close();
  source = await startSource(respond);
  return readAll(testClient(source.baseUrl, { listings: { all: { path: '/people', ...all } } }));
}

/** Pages of at most `n`, from `from` on; `told` adds what says that there are more. */
function paged(count: number, told: (response: ServerResponse, next: number, more: boolean) => object): Responder {
  return (_, response, url) => {
    const size = Number(url.searchParams.get('n') ?? 10);
    const from = Number(url.searchParams.get('from') ?? 0);
    const next = from + size;
    const body = told(response, next, next < count);
    json(response, { data: people(count).slice(from, next), ...body });
  };
}

const sized = { sizeParam: 'n', pageSize: 10 } as const;

describe('a place where no page ever names the next', () => {
  const wrong: [string, ListingInput['paging']][] = [
    ['token', { scheme: 'token', param: 'from', next: 'nxt', ...sized }],
    ['link', { scheme: 'link', next: 'links.nxt', ...sized }],
    ['link in a header', { scheme: 'link', next: { header: 'Lnk' }, ...sized }],
  ];

  test.each(wrong)('%s: is no end, however long the list is', async (_, paging) => {
    for (const count of [2, 5, 10, 11, 25]) {
      const reading = list(
        { records: 'data', paging },
        paged(count, (_response, next, more) => ({ next: more ? next : null })),
      );
      await expect(reading).rejects.toMatchObject({
        type: 'ContractBroken',
        message: expect.stringContaining('neither page names a next one'),
      });
    }
  });

  test('the flag of a positional list: the place behind is looked at', async () => {
    const paging = { scheme: 'offset', param: 'from', more: 'mor', ...sized } as const;
    const reading = (count: number) =>
      list(
        { records: 'data', paging },
        paged(count, (_response, _next, more) => ({ more })),
      );
    await expect(reading(25)).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('there are records behind position 10'),
    });
    const { records, pages } = await reading(7);
    expect(records).toEqual(people(7));
    expect(pages.at(-1)?.end).toEqual({ provedBy: 'empty-page', certain: true });
  });
});

describe('a list of one page', () => {
  const token = { scheme: 'token', param: 'from', next: 'next', ...sized } as const;
  const absent: Parameters<typeof paged>[1] = (_response, next, more) => (more ? { next } : {});

  test.each([0, 1, 2, 9, 10])('of %d records ends where the same list in smaller pages goes on', async (count) => {
    const { records, pages } = await list({ records: 'data', paging: token }, paged(count, absent));
    expect(records).toEqual(people(count));
    expect(pages.at(-1)?.end).toMatchObject({ certain: true });
  });

  test('costs no further request once a page has named another, nor where the source says that there is none', async () => {
    const shortened = { count: 4 };
    await source?.close();
    source = await startSource((request, response, url) => paged(shortened.count, absent)(request, response, url));
    const client = testClient(source.baseUrl, {
      listings: { all: { path: '/people', records: 'data', paging: token } },
    });
    await readAll(client);
    expect(source.requests).toEqual(['/people?n=10', '/people?n=2']);
    await readAll(client);
    expect(source.requests.slice(2)).toEqual(['/people?n=10']);
    await list(
      { records: 'data', paging: token },
      paged(4, () => ({ next: null })),
    );
    expect(source?.requests).toEqual(['/people?n=10']);
  });

  test('whose size cannot be asked for, with nothing that names another page: read, and not certain', async () => {
    const paging = { scheme: 'token', param: 'from', next: 'nowhere' } as const;
    const { records, pages } = await list({ records: 'data', paging }, paged(6, absent));
    expect(records).toEqual(people(6));
    expect(pages.at(-1)?.end).toEqual({ provedBy: 'absence', certain: false });
  });

  test('of a source that does not honour the size, or refuses the smaller one: read, and not certain', async () => {
    for (const smaller of [
      (response: ServerResponse) => json(response, { data: people(6) }),
      (response: ServerResponse) => json(response, {}, 400),
    ]) {
      const { pages } = await list({ records: 'data', paging: token }, (_request, response, url) =>
        url.searchParams.get('n') === '10' ? json(response, { data: people(6) }) : smaller(response),
      );
      expect(pages.at(-1)?.end).toEqual({ provedBy: 'absence', certain: false });
    }
  });
});

describe('a page behind the last that is refused', () => {
  const numbered =
    (count: number, status: number, deepest = Number.POSITIVE_INFINITY): Responder =>
    (_, response, url) => {
      const size = Number(url.searchParams.get('n'));
      const from = url.searchParams.has('page')
        ? (Number(url.searchParams.get('page')) - 1) * size
        : Number(url.searchParams.get('offset'));
      if ((from > 0 && from >= count) || from + size > deepest) return json(response, { code: 'invalid_page' }, status);
      json(response, people(count).slice(from, from + size));
    };
  const schemes: [string, ListingInput['paging']][] = [
    ['page', { scheme: 'page', ...sized }],
    ['stable page', { scheme: 'page', stable: true, ...sized }],
    ['offset', { scheme: 'offset', ...sized }],
  ];

  test.each(schemes)('%s: every length of the list is read', async (_, paging) => {
    for (const status of [400, 404, 416]) {
      for (const count of [0, 1, 2, 3, 9, 10, 11, 19, 20, 21, 50]) {
        const { records, pages } = await list({ paging }, numbered(count, status));
        expect(records).toEqual(people(count));
        expect(pages.at(-1)?.end).toMatchObject({ certain: true });
      }
    }
  });

  test('is no end where the source refuses to be read any deeper', async () => {
    const reading = list({ paging: { scheme: 'page', stable: true, ...sized } }, numbered(50, 400, 20));
    await expect(reading).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('nothing shows that the list ends there'),
    });
  });
});

test('a total in a header: agrees, contradicts, or is missing', async () => {
  const all = {
    records: 'data',
    total: { header: 'X-Total-Count' },
    paging: { scheme: 'offset', param: 'from', ...sized },
  } as const;
  const serve = (total: string | undefined) =>
    list(
      all,
      paged(25, (response) => {
        if (total !== undefined) response.setHeader('X-Total-Count', total);
        return {};
      }),
    );
  expect((await serve('25')).records).toEqual(people(25));
  await expect(serve('24')).rejects.toMatchObject({ type: 'ContractBroken' });
  await expect(serve(undefined)).rejects.toMatchObject({
    message: expect.stringContaining("the header 'X-Total-Count', the declared total, is missing"),
  });
});

test('a total that only the first page has', async () => {
  const all = {
    records: 'data',
    total: { path: 'total', pages: 'first' },
    paging: { scheme: 'token', param: 'from', next: 'next' },
  } as const;
  const serve =
    (total: number | undefined): Responder =>
    (request, response, url) =>
      paged(25, (_response, next, more) => ({
        next: more ? next : null,
        ...(!url.searchParams.has('from') && { total }),
      }))(request, response, url);
  expect((await list(all, serve(25))).records).toEqual(people(25));
  await expect(list(all, serve(26))).rejects.toMatchObject({ message: expect.stringContaining('its own total is 26') });
  await expect(list(all, serve(undefined))).rejects.toMatchObject({ message: expect.stringContaining('missing') });
});

describe('the next page in the Link header', () => {
  const paging = { scheme: 'link', next: { header: 'Link' }, ...sized } as const;
  test.each<[string, (next: number) => string]>([
    ['absolute', (next) => `<${source?.baseUrl}/people?n=10&from=${next}>; rel="next"`],
    ['relative', (next) => `</people?n=10&from=${next}>; rel=next`],
    [
      'after another, with a quoted comma',
      (next) => `</people?from=0>; rel="previous"; title="a, \\"b\\"", <?n=10&from=${next}>; title="c, d"; rel="next"`,
    ],
    ['with several relations', (next) => `</people?n=10&from=${next}>; rel="next last"`],
  ])('%s', async (_, link) => {
    const { records } = await list(
      { records: 'data', paging },
      paged(25, (response, next, more) => {
        response.setHeader('Link', more ? link(next) : '</people>; rel="first"');
        return {};
      }),
    );
    expect(idsOf(records)).toEqual(idsOf(people(25)));
  });
});

describe('links as servers behind a proxy write them', () => {
  const linkTo = (prefix: (baseUrl: URL) => string): Responder =>
    paged(25, (_response, next, more) => ({
      next: more ? `${prefix(new URL(source?.baseUrl ?? ''))}/people?n=10&from=${next}` : null,
    }));
  const paging = { scheme: 'link', next: 'next', ...sized } as const;

  test.each<[string, (baseUrl: URL) => string]>([
    ['another scheme', ({ host }) => `https://${host}`],
    ['no port', ({ hostname }) => `http://${hostname}`],
    ['no scheme', ({ host }) => `//${host}`],
    ['a user and a password', ({ host }) => `http://ada:secret@${host}`],
  ])('%s: followed at the base URL', async (_, prefix) => {
    const { records } = await list({ records: 'data', paging }, linkTo(prefix));
    expect(idsOf(records)).toEqual(idsOf(people(25)));
  });

  test('another host: refused, unless the definition says that links are followed at the base URL', async () => {
    const respond = linkTo(() => 'http://backend.internal:8080');
    await expect(list({ records: 'data', paging }, respond)).rejects.toMatchObject({
      message: expect.stringContaining('leads to http://backend.internal:8080'),
    });
    const { records } = await list({ records: 'data', paging: { ...paging, followAt: 'baseUrl' } }, respond);
    expect(idsOf(records)).toEqual(idsOf(people(25)));
  });
});

test('a list that repeats one record, each time under a new token or link, is given up', async () => {
  for (const paging of [
    { scheme: 'token', param: 'from', next: 'token' },
    { scheme: 'link', next: 'link' },
  ] as const) {
    let page = 0;
    const reading = list({ records: 'data', paging }, (_, response) => {
      page += 1;
      json(response, { data: [{ id: 1 }], token: `t${page}`, link: `/people?from=t${page}` });
    });
    await expect(reading).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('repeats itself'),
    });
    expect(source?.requests.length).toBeLessThan(100);
  }
});

test('tokens of 14,000 characters are followed; one over the limit is refused with its length', async () => {
  const paging = { scheme: 'token', param: 'from', next: 'next' } as const;
  const serve =
    (length: number): Responder =>
    (_, response, url) => {
      const last = url.searchParams.has('from');
      json(response, { data: [{ id: last ? 2 : 1 }], next: last ? null : 'x'.repeat(length) });
    };
  expect(idsOf((await list({ records: 'data', paging }, serve(14_000))).records)).toEqual([1, 2]);
  await expect(list({ records: 'data', paging }, serve(65_537))).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining('has 65537 characters'),
  });
});

describe('a flag that says whether the list goes on', () => {
  const token = { scheme: 'token', param: 'from', next: 'continueFrom', more: 'hasMore', ...sized } as const;
  /** A feed whose token is never empty: it can be used later. */
  const feed: Parameters<typeof paged>[1] = (_response, next, more) => ({ continueFrom: String(next), hasMore: more });

  test('ends a feed that names a token with its last page too', async () => {
    for (const count of [0, 3, 10, 25]) {
      const { records, pages } = await list({ records: 'data', paging: token }, paged(count, feed));
      expect(records).toEqual(people(count));
      expect(pages.at(-1)).toMatchObject({ resumePoint: null, end: { certain: true } });
    }
  });

  test('ends a feed that repeats the token that it was asked with', async () => {
    const { records } = await list(
      { records: 'data', paging: token },
      paged(25, (_response, next, more) => ({ continueFrom: String(more ? next : next - 10), hasMore: more })),
    );
    expect(records).toEqual(people(25));
  });

  test('may be a value of several', async () => {
    const { records } = await list(
      { records: 'data', paging: { ...token, more: { path: 'state', is: ['MORE', 'SOON'] } } },
      paged(25, (_response, next, more) => ({ continueFrom: String(next), state: more ? 'MORE' : 'DONE' })),
    );
    expect(records).toEqual(people(25));
  });

  test('that promises more without a token, or is missing while there is one, is no end', async () => {
    await expect(
      list(
        { records: 'data', paging: token },
        paged(25, () => ({ hasMore: true })),
      ),
    ).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining("'hasMore' promises a further page, but 'continueFrom' names none"),
    });
    await expect(
      list({ records: 'data', paging: { ...token, more: 'hasMoar' } }, paged(25, feed)),
    ).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining("'hasMoar' is missing"),
    });
  });

  test('of a link decides over the link', async () => {
    const paging = { scheme: 'link', next: 'next', more: 'hasMore', ...sized } as const;
    const { records } = await list(
      { records: 'data', paging },
      paged(25, (_response, next, more) => ({ next: `/people?from=${next}`, hasMore: more })),
    );
    expect(records).toEqual(people(25));
  });

  describe('of a keyset', () => {
    const keyset = { scheme: 'keyset', param: 'after', from: 'id', more: 'has_more', ...sized } as const;
    const keyed =
      (count: number, told: (more: boolean) => object, cap = 10): Responder =>
      (_, response, url) => {
        const from = Number(url.searchParams.get('after') ?? 0);
        const data = people(count).slice(from, from + Math.min(cap, Number(url.searchParams.get('n'))));
        json(response, { data, ...told(from + data.length < count) });
      };

    test('ends the list without a further request, also where pages are capped', async () => {
      const has_more = (more: boolean) => ({ has_more: more });
      const { records, pages } = await list({ records: 'data', paging: keyset }, keyed(20, has_more));
      expect(records).toEqual(people(20));
      expect(source?.requests).toHaveLength(2);
      expect(pages.at(-1)?.end).toEqual({ provedBy: 'sign', certain: true });
      await list({ records: 'data', paging: keyset }, keyed(12, has_more, 4));
      expect(source?.requests).toHaveLength(3);
    });

    test('in the wrong place is no end: an empty page is', async () => {
      const wrong = { ...keyset, more: 'hasMore' } as const;
      const { records } = await list(
        { records: 'data', paging: wrong },
        keyed(12, (more) => ({ has_more: more }), 4),
      );
      expect(records).toEqual(people(12));
    });

    test('with an empty page is a contradiction', async () => {
      await expect(
        list(
          { records: 'data', paging: keyset },
          keyed(4, () => ({ has_more: true })),
        ),
      ).rejects.toMatchObject({ type: 'ContractBroken', message: expect.stringContaining('the page is empty') });
    });
  });
});
