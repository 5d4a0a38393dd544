import { setTimeout as sleep } from 'node:timers/promises';
import type { PagingInput } from '../../schema/definition/listings/paging';
import { atEnd } from '../../test/environment/atEnd';
import { idsOf, json, readAll, startSource, testClient } from '../../test/support/sources/httpSource';

const records = Array.from({ length: 95 }, (_, index) => ({
  id: `r${String(index).padStart(3, '0')}`,
  updated_at: '2026-01-01T00:00:00Z',
}));

/** A source of ten pages, whose later pages are answered sooner. `spoil` answers instead of a page. */
async function startPages(spoil: (page: number) => { status: number } | undefined = () => undefined) {
  let underWay = 0;
  const seen = { mostAtOnce: 0 };
  const answer = async (response: Parameters<typeof json>[0], url: URL) => {
    underWay += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, underWay);
    const page = Number(url.searchParams.get('page'));
    const size = Number(url.searchParams.get('size'));
    await sleep(260 - page * 20);
    underWay -= 1;
    const spoiled = spoil(page);
    if (spoiled) return json(response, { error: 'broken' }, spoiled.status);
    const start = (page - 1) * size;
    return json(response, { data: records.slice(start, start + size), total: records.length });
  };
  const source = await startSource((_request, response, url) => {
    answer(response, url).catch((error: Error) => response.destroy(error));
  });
  atEnd(() => source.close());
  return { source, seen };
}

const paging = (stable: boolean): PagingInput => ({ scheme: 'page', sizeParam: 'size', pageSize: 10, stable });
const listings = (stable: boolean) => ({
  listings: { all: { path: '/people', paging: paging(stable), records: 'data', total: 'total' } },
});
const width = 3;
const options = { rateLimit: { requests: 1_000, per: '1s', concurrency: width } };

test('pages of a list that cannot move are asked for several at once, and come in their order', async () => {
  const { source, seen } = await startPages();
  const read = await readAll(testClient(source.baseUrl, listings(true), options));
  expect(idsOf(read.records)).toEqual(records.map(({ id }) => id));
  expect(seen.mostAtOnce).toBeGreaterThan(1);
  expect(seen.mostAtOnce).toBeLessThanOrEqual(width);
  expect(source.requests).toHaveLength(10);
  expect(read.pages.reduce((total, page) => total + page.requests, 0)).toBe(10);
});

test('a list that may move is read one page after another', async () => {
  const { source, seen } = await startPages();
  const read = await readAll(testClient(source.baseUrl, listings(false), options));
  expect(idsOf(read.records)).toEqual(records.map(({ id }) => id));
  expect(seen.mostAtOnce).toBe(1);
});

test('an error comes after the pages before it, and is about its own page', async () => {
  const { source } = await startPages((page) => (page === 4 ? { status: 404 } : undefined));
  const { client, entity } = testClient(source.baseUrl, listings(true), options);
  const stream = client.streamAll(entity, 'all', { partition: '', signal: new AbortController().signal });
  const came: unknown[] = [];
  const reading = (async () => {
    for await (const page of stream) came.push(...page.records);
  })();
  await expect(reading).rejects.toThrow(/page=4/);
  expect(came).toEqual(records.slice(0, 30));
});

test('a resumed list goes on where it was, also several pages at once', async () => {
  const { source, seen } = await startPages();
  const target = testClient(source.baseUrl, listings(true), options);
  const { pages } = await readAll(target);
  source.requests.length = 0;
  seen.mostAtOnce = 0;
  const rest = await readAll(target, 'all', { resumePoint: pages[4]?.resumePoint ?? null });
  expect(idsOf(rest.records)).toEqual(records.slice(50).map(({ id }) => id));
  expect(source.requests).toHaveLength(5);
  expect(seen.mostAtOnce).toBeGreaterThan(1);
});
