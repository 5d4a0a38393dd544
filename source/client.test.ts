import { idsOf, json, readAll, startSource, type TestSource, testClient } from '../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

test('offset with overlap hands out each record once and ends by the total', async () => {
  const people = Array.from({ length: 25 }, (_, i) => ({
    id: i + 1,
    name: `p${i}`,
    updated_at: '2026-11-21T09:00:00Z',
  }));
  source = await startSource((_, response, url) => {
    const offset = Number(url.searchParams.get('offset'));
    const size = Number(url.searchParams.get('per_page'));
    json(response, { data: people.slice(offset, offset + size), meta: { total_count: people.length } });
  });
  const { records, pages } = await readAll(
    testClient(source.baseUrl, {
      listings: {
        all: {
          path: '/people',
          records: 'data',
          total: 'meta.total_count',
          paging: { scheme: 'offset', sizeParam: 'per_page', pageSize: 10 },
        },
      },
    }),
  );
  expect(idsOf(records)).toEqual(people.map(({ id }) => id));
  expect(pages.map((page) => page.records.length)).toEqual([10, 9, 6]);
  expect(pages.at(-1)?.resumePoint).toBeNull();
  expect(source.headers[0]?.authorization).toMatch(/^Bearer /);
});
