import type { ChangesListingInput } from '../schema/definition/listings/listing';
import { idsOf, json, readAll, startSource, type TestSource, testClient } from '../test/support/sources/httpSource';

/** A report of bookings by their day: it knows no changes, refuses a range of more than 31 days, and has pages of two. */
let source: TestSource | undefined;
afterEach(() => source?.close());

const day = 86_400_000;
const end = new Date('2026-11-21T09:00:00Z');
const daysBefore = (days: number) => new Date(end.getTime() - days * day);
const dateOf = (at: Date) => at.toISOString().slice(0, 10);

interface Booking {
  readonly id: number;
  readonly on: string | null;
}

/** One booking for each of the last hundred days. */
const bookings: Booking[] = Array.from({ length: 100 }, (_, index) => ({ id: index, on: dateOf(daysBefore(index)) }));

const paging = { scheme: 'token', param: 'page', next: 'next' } as const;
let serial = 0;

interface Behaviour {
  /** what it returns for a range; default: what is in it, both ends included */
  readonly list?: (from: string, to: string) => readonly Booking[];
}

async function startReport({ list = within }: Behaviour = {}): Promise<TestSource> {
  source = await startSource((_request, response, url) => {
    const [from = '', to = ''] = ['from', 'to'].map((name) => url.searchParams.get(name) ?? '');
    if (Date.parse(to) - Date.parse(from) > 31 * day) return json(response, { error: 'at most 31 days' }, 422);
    const at = Number(url.searchParams.get('page') ?? url.searchParams.get('offset') ?? 0);
    const next = at + Number(url.searchParams.get('size') ?? 2);
    const found = list(from, to);
    json(response, { data: found.slice(at, next), next: next < found.length ? String(next) : null });
  });
  return source;
}

const within = (from: string, to: string) => bookings.filter(({ on }) => on !== null && on >= from && on <= to);

function report(
  baseUrl: string,
  since: Partial<NonNullable<ChangesListingInput['since']>> = {},
  pages: ChangesListingInput['paging'] = paging,
) {
  serial += 1;
  const list = { path: '/bookings', records: 'data', paging: pages } as const;
  return testClient(
    baseUrl,
    {
      deltaSyncField: undefined as never,
      listings: {
        all: { ...list, path: '/all' },
        changes: {
          ...list,
          query: { from: '{since}', to: '{until}' },
          since: {
            ...{ form: 'date', field: 'on', timeZone: 'connection', boundary: 'inclusive' },
            window: { back: '7d', atMost: '31d' },
            ...since,
          },
        },
      },
    },
    { connection: { id: `report-${serial}`, settings: { baseUrl }, timeZone: 'Europe/Berlin' } },
  );
}

/** The ranges that were asked for, in days before the end, each once. */
function ranges({ requests }: TestSource): [number, number][] {
  const found = requests.map((text) => {
    const { searchParams } = new URL(text, 'http://source');
    return ['from', 'to'].map((name) => (Date.parse(dateOf(end)) - Date.parse(searchParams.get(name) ?? '')) / day);
  });
  return [...new Map(found.map((range) => [range.join(), range])).values()] as [number, number][];
}

test('a window reaches back behind the cursor, and a range that is too long is read in parts, the oldest first', async () => {
  const api = await startReport();
  const { records, pages } = await readAll(report(api.baseUrl), 'changes', { since: daysBefore(60), until: end });
  expect(new Set(idsOf(records))).toEqual(new Set(Array.from({ length: 68 }, (_, index) => index)));
  const asked = ranges(api);
  expect(asked[0]?.[0]).toBe(67);
  expect(asked.at(-1)?.[1]).toBe(-1);
  expect(asked.length).toBe(3);
  for (const [index, [from, to]] of asked.entries()) {
    expect(from - to).toBeLessThanOrEqual(31);
    if (index > 0) expect(from).toBeGreaterThanOrEqual(asked[index - 1]?.[1] ?? Number.NaN);
  }
  expect(pages.filter((page) => page.end !== null)).toHaveLength(1);
  expect(pages.at(-1)?.end).not.toBeNull();
});

test('a reading that stops goes on in the window where it was, with the same ranges whenever that is', async () => {
  const whole = await startReport();
  const { pages, records } = await readAll(report(whole.baseUrl), 'changes', { since: daysBefore(60), until: end });
  const asked = new Set(ranges(whole).map(String));
  await whole.close();
  const api = await startReport();
  const client = report(api.baseUrl);
  for (const [index, { resumePoint }] of pages.entries()) {
    if (resumePoint === null) continue;
    // the end of the range comes with the resume point
    const rest = await readAll(client, 'changes', { since: daysBefore(60), resumePoint });
    const before = pages.slice(0, index + 1).flatMap((page) => idsOf(page.records as { id: number }[]));
    expect([...before, ...idsOf(rest.records)]).toEqual(idsOf(records));
  }
  expect(new Set(ranges(api).map(String))).toEqual(asked);
});

test('in pages by position, of which two share a record, each window is a list of its own, also where a reading goes on', async () => {
  const offset = { scheme: 'offset', sizeParam: 'size', pageSize: 20, more: 'next' } as const;
  const api = await startReport();
  const client = report(api.baseUrl, {}, offset);
  const { pages, records } = await readAll(client, 'changes', { since: daysBefore(60), until: end });
  expect(new Set(idsOf(records))).toEqual(new Set(Array.from({ length: 68 }, (_, index) => index)));
  for (const [index, { resumePoint }] of pages.entries()) {
    if (resumePoint === null) continue;
    const rest = await readAll(client, 'changes', { since: daysBefore(60), resumePoint });
    const before = pages.slice(0, index + 1).flatMap((page) => idsOf(page.records as { id: number }[]));
    expect(new Set([...before, ...idsOf(rest.records)])).toEqual(new Set(idsOf(records)));
  }
});

test('without a widest range there is one request; without `back` the range begins at the cursor', async () => {
  const api = await startReport();
  await readAll(report(api.baseUrl, { window: {} as never }), 'changes', { since: daysBefore(20), until: end });
  expect(ranges(api)).toEqual([[20, -1]]);
});

test.each<[string, (from: string, to: string) => readonly Booking[], string]>([
  ['both ends', () => bookings, 'outside of the window'],
  ['its beginning', (_from, to) => bookings.filter(({ on }) => (on ?? '') <= to).slice(-12), 'outside of the window'],
  ['its end', (from) => bookings.filter(({ on }) => (on ?? '') >= from), 'outside of the window'],
])('a source that ignores %s is found out before anything is handed on', async (_which, list, message) => {
  const api = await startReport({ list });
  const pages: unknown[] = [];
  const { client, entity } = report(api.baseUrl);
  const options = { partition: '', since: daysBefore(60), until: end, signal: new AbortController().signal };
  const reading = async () => {
    for await (const page of client.streamAll(entity, 'changes', options)) pages.push(page);
  };
  await expect(reading()).rejects.toMatchObject({ type: 'ContractBroken', message: expect.stringContaining(message) });
  expect(pages).toEqual([]);
});

test('a few records outside of the window, or without a day, are handed on, and the first are counted', async () => {
  const late = { id: 500, on: '2020-01-01' };
  const none = { id: 501, on: null };
  const api = await startReport({ list: (from, to) => [...within(from, to).slice(0, 1), late, none] });
  const read = await readAll(report(api.baseUrl), 'changes', { since: daysBefore(5), until: end });
  expect(idsOf(read.records)).toEqual([0, 500, 501]);
  expect(read.pages.map(({ outside }) => outside)).toEqual([1, 0]);
});

test('where no field shows it, a window in which nothing can be shows whether the source filters at all', async () => {
  const options = { since: daysBefore(5), until: end };
  const honest = await startReport();
  const client = report(honest.baseUrl, { field: undefined });
  await expect(readAll(client, 'changes', options)).resolves.toBeDefined();
  expect(honest.requests.filter((request) => request.includes('from=1970-01'))).toHaveLength(1);
  await honest.close();
  const deaf = await startReport({ list: () => bookings });
  await expect(readAll(report(deaf.baseUrl, { field: undefined }), 'changes', options)).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining('the first days of 1970'),
  });
});

test('a form of the dates that the source takes for an empty range is found out by a record that `all` shows', async () => {
  const answer = (url: URL) => (url.searchParams.has('from') ? [] : bookings.slice(3, 5));
  source = await startSource((_request, response, url) => json(response, { data: answer(url), next: null }));
  serial += 1;
  const list = { path: '/bookings', records: 'data', paging: { ...paging, sizeParam: 'size', pageSize: 10 } } as const;
  const since = { form: 'date', field: 'on', boundary: 'inclusive', window: { back: '7d' } } as const;
  const query = { from: '{since}', to: '{until}' };
  const client = testClient(
    source.baseUrl,
    { deltaSyncField: undefined as never, listings: { all: list, changes: { ...list, query, since } } },
    { connection: { id: `report-${serial}`, settings: { baseUrl: source.baseUrl }, timeZone: 'UTC' } },
  );
  await expect(readAll(client, 'changes', { since: daysBefore(5), until: end })).rejects.toMatchObject({
    message: expect.stringContaining('finds nothing'),
  });
});

test.each<[string, object, object, string]>([
  ['no {until}', { from: '{since}' }, {}, 'people.listings.changes.since.window: the request contains no {until}'],
  ['a width that cannot be kept', {}, { window: { atMost: '2d' } }, 'since.window.atMost: must be 3d or more'],
  ['no duration', {}, { window: { back: 'a week' } }, "not a duration: write a number and a unit, such as '15m'"],
])('a definition says so at start: %s', (_which, query, since, message) => {
  const define = () =>
    testClient('http://localhost:1', {
      listings: {
        all: { path: '/all', paging: { scheme: 'none' } },
        changes: {
          ...{ path: '/bookings', paging: { scheme: 'none' } },
          query: Object.keys(query).length > 0 ? (query as Record<string, string>) : { from: '{since}', to: '{until}' },
          since: { form: 'date', timeZone: 'UTC', boundary: 'inclusive', window: {}, ...since } as never,
        },
      },
    });
  expect(define).toThrow(message);
});
