import type { Answers } from '../../schema/answer';
import { json, startSource, type TestSource, testClient } from '../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const { signal } = new AbortController();
const updated_at = '2026-01-01T00:00:00Z';
const gone = { record: (record: { deleted?: unknown }) => record.deleted === true };

async function partsOf(data: readonly unknown[]) {
  source = await startSource((_, response) => json(response, { data }));
  const { client, entity } = testClient(source.baseUrl, {
    gone,
    listings: { all: { path: '/people', records: 'data', paging: { scheme: 'none' } } },
  });
  for await (const page of client.streamAll(entity, 'all', { partition: '', signal })) {
    const parts: Answers[] = [];
    for await (const part of page.answers()) parts.push(part);
    return { page, parts, listed: await page.listed() };
  }
  throw new Error('a listing has at least one page');
}

test('a page is handed out as answers, in parts, and as what it lists', async () => {
  const people = Array.from({ length: 2_500 }, (_, id) => ({ id, name: 'Ada', updated_at }));
  const data = [...people, { id: 'x', deleted: true, updated_at }, { id: 'y', updated_at: 'soon' }, { name: 'Bob' }];
  const { page, parts, listed } = await partsOf(data);
  expect(parts.length).toBeGreaterThan(1);
  for (const { sent, received } of parts)
    expect({ sent, received }).toEqual({ sent: page.sent, received: page.received });
  expect(parts.flatMap(({ live }) => live.map(({ id }) => id))).toEqual(people.map(({ id }) => String(id)));
  expect(parts.flatMap((part) => part.gone)).toMatchObject([{ id: 'x' }]);
  expect(parts.flatMap(({ setAside }) => setAside.map(({ id }) => id))).toEqual(['y', null]);
  expect(listed.map(({ id }) => id)).toEqual([...people.map(({ id }) => String(id)), 'y']);
  expect(listed.at(-1)).toMatchObject({ id: 'y', version: null });
});

test('a page without records is one empty part', async () => {
  const { parts, listed } = await partsOf([]);
  expect(parts).toMatchObject([{ live: [], gone: [], setAside: [] }]);
  expect(listed).toEqual([]);
});

test.each([
  [200, { id: '1', name: 'Ada', updated_at }, { kind: 'live', live: { id: '1', row: { name: 'Ada' } } }],
  [200, { id: '1', deleted: true, updated_at }, { kind: 'gone', gone: { id: '1' } }],
  [404, {}, { kind: 'gone', gone: { id: '1', version: null } }],
  [200, { id: '1', updated_at: 'soon' }, { kind: 'set-aside', setAside: { id: '1', reason: 'invalid' } }],
  [403, {}, { kind: 'unclear' }],
])('asked for one record, a response of %d with %j', async (status, body, answer) => {
  source = await startSource((_, response) => json(response, body, status));
  const { client, entity } = testClient(source.baseUrl, {
    gone,
    listings: { all: { path: '/people', paging: { scheme: 'none' } }, one: { path: '/people/{id}' } },
  });
  await expect(client.ask(entity, '1', { signal })).resolves.toMatchObject(answer);
});
