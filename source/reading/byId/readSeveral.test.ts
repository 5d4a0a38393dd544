import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { type SeveralListingInput, severalListing, severalMistakes } from '../../../schema/definition/listings/several';
import {
  json,
  openBudget,
  startSource,
  type TestSource,
  testClient,
  testClock,
} from '../../../test/support/sources/httpSource';
import { createReporter } from '../../wire/report';
import type { Source } from '../../wire/source';
import { readSeveral, whyUnfitForSeveral } from './readSeveral';

let server: TestSource | undefined;
afterEach(() => server?.close());

/** Contacts of customers; two of one customer are equal but for their ids. */
const contacts = Array.from({ length: 7 }, (_, at) => ({ id: at + 1, customerId: String(at % 3), value: 'x' }));
const paged = { scheme: 'page', sizeParam: 'size', pageSize: 3, more: 'hasMore' } as const;

function sourceAt(baseUrl: string): Source {
  const { connector } = testClient(baseUrl);
  return {
    base: new URL(baseUrl),
    connector,
    notice: () => {},
    connection: { id: 'demo', settings: { baseUrl }, timeZone: 'UTC' },
    sender: {
      reporter: createReporter('acme', 'demo', {}),
      authorizer: { authorize: () => undefined },
      budget: openBudget(),
      clock: testClock,
      onAnswer: () => {},
      limits: { bytes: 1e6, timeoutMs: 10_000, idleMs: 10_000 },
      lane: 'acme/demo',
      concurrency: 1,
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<{ ids?: string[] }> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : JSON.parse(text);
}

/** Serves pages of the contacts of the customers that were asked for, and notes for which. */
async function asked(input: SeveralListingInput, ids: readonly string[], cap = Number.POSITIVE_INFINITY) {
  const askedFor: string[][] = [];
  await server?.close();
  server = await startSource((request, response, url) => {
    void bodyOf(request).then((body) => {
      const wanted =
        body.ids ?? (url.searchParams.get('customerIds') ?? url.pathname.split('/').at(-1) ?? '').split(',');
      askedFor.push(wanted);
      const found = contacts.filter(({ customerId }) => wanted.map(decodeURIComponent).includes(customerId));
      const size = Math.min(cap, Number(url.searchParams.get('size') ?? 1_000));
      const from = (Number(url.searchParams.get('page') ?? 1) - 1) * size;
      json(response, { data: found.slice(from, from + size), hasMore: from + size < found.length });
    });
  });
  const pages = [];
  const listing = severalListing.parse(input);
  for await (const page of readSeveral(sourceAt(server.baseUrl), {
    ...{ listing, ids, partition: '', entity: 'customers', what: "related 'contacts'" },
    signal: new AbortController().signal,
  })) {
    pages.push(page);
  }
  return { askedFor, pages, records: pages.flatMap(({ records }) => records) as typeof contacts };
}

test('every page of what belongs to several ids is read, joined in the query', async () => {
  const { askedFor, pages, records } = await asked(
    { path: '/contacts', query: { customerIds: '{ids}' }, paging: paged, records: 'data' },
    ['0', '2'],
  );
  expect(records.map(({ id }) => id)).toEqual([1, 3, 4, 6, 7]);
  expect(askedFor[0]).toEqual(['0', '2']);
  expect(pages.at(-1)?.end).toMatchObject({ certain: true });
  expect(pages.reduce((sum, { requests }) => sum + requests, 0)).toBe(server?.requests.length);
});

test('in a path each id is encoded by itself; in a JSON body they are a list', async () => {
  const inPath = await asked({ path: '/of/{ids}', paging: paged, records: 'data' }, ['0', 'a/b']);
  expect(server?.requests[0]).toMatch(/^\/of\/0,a%2Fb\?/);
  expect(inPath.records.map(({ customerId }) => customerId)).toEqual(['0', '0', '0']);
  const inBody = await asked(
    { path: '/search', method: 'POST', body: { ids: '{ids}' }, params: 'query', paging: paged, records: 'data' },
    ['1', '2,5'],
  );
  expect(inBody.askedFor[0]).toEqual(['1', '2,5']);
});

test('ids that do not fit are refused before anything is sent', async () => {
  const listing = { path: '/c', query: { i: '{ids}' }, max: 2, paging: paged, records: 'data' };
  for (const [ids, problem] of [
    [[], 'no ids'],
    [['1', '2', '3'], 'at most 2'],
    [['1', '1'], 'twice'],
    [['1,2'], "contains ','"],
    [[' '], 'empty'],
  ] as const) {
    await expect(asked(listing, ids)).rejects.toMatchObject({
      type: 'Usage',
      message: expect.stringContaining(problem),
    });
    expect(server?.requests).toEqual([]);
  }
  expect(whyUnfitForSeveral(severalListing.parse({ path: '/{ids}', paging: paged }), '..')).toContain('a path');
});

test('a definition must say where the ids go', () => {
  const mistakes = (input: z.input<typeof severalListing>) => severalMistakes('a.b', severalListing.parse(input));
  expect(mistakes({ path: '/c', paging: paged })).toEqual([
    'a.b.path: must contain {ids}, or the query or the body must',
  ]);
  expect(mistakes({ path: '/c', headers: { X: '{ids}' }, paging: paged })[0]).toContain('a.b.headers.X');
  expect(mistakes({ path: '/c/{ids}', paging: paged })).toEqual([]);
});
