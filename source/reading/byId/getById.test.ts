import { json, startSource, type TestSource, testClient } from '../../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const { signal } = new AbortController();
const one = { path: '/{tenantId}/people/{id}', record: 'data', query: { fields: 'name' } } as const;
const all = { path: '/people', paging: { scheme: 'none' } } as const;
const settings = { tenantId: 'acme co' };

test.each([
  ['17', '17', '/acme%20co/people/17?fields=name'],
  ['17', 17, '/acme%20co/people/17?fields=name'],
  ['007', '007', '/acme%20co/people/007?fields=name'],
  ['9007199254740993', '9007199254740993', '/acme%20co/people/9007199254740993?fields=name'],
  ['a/b', 'a/b', '/acme%20co/people/a%2Fb?fields=name'],
  ['50%', '50%', '/acme%20co/people/50%25?fields=name'],
  ['ü ?#&=', 'ü ?#&=', '/acme%20co/people/%C3%BC%20%3F%23%26%3D?fields=name'],
  ['..a', '..a', '/acme%20co/people/..a?fields=name'],
])('%j is live', async (id, answered, path) => {
  source = await startSource((_, response) => json(response, { data: { id: answered, name: 'Ada' } }));
  const { client, entity } = testClient(source.baseUrl, { listings: { all, one } }, { settings });
  await expect(client.getById(entity, id, { signal })).resolves.toMatchObject({
    kind: 'live',
    record: { id: answered, name: 'Ada' },
    sent: expect.any(Number),
    received: expect.any(Number),
  });
  expect(source.requests).toEqual([path]);
});

test('an id beyond 2^53 that the source writes as a number is recognised', async () => {
  source = await startSource((_, response) => json(response, '{"data":{"id":9007199254740993}}'));
  const { client, entity } = testClient(source.baseUrl, { listings: { all, one } }, { settings });
  const answer = client.getById(entity, '9007199254740993', { signal });
  await expect(answer).resolves.toMatchObject({ kind: 'live', record: { id: '9007199254740993' } });
  await expect(client.getById(entity, '9007199254740992', { signal })).resolves.toMatchObject({
    kind: 'other-id',
    otherId: '9007199254740993',
  });
});

test.each(['', '.', '..', '%2e%2E', 'a\ud800'])('%j can be no part of a path, and nothing is sent', async (id) => {
  source = await startSource((_, response) => json(response, {}));
  const { client, entity } = testClient(source.baseUrl, { listings: { all, one } }, { settings });
  await expect(client.getById(entity, id, { signal })).rejects.toMatchObject({ type: 'ContractBroken' });
  expect(source.requests).toEqual([]);
});

test.each([404, 410])('%d is gone, with or without a body', async (status) => {
  source = await startSource((request, response) => {
    if (request.url?.includes('/1?')) json(response, '', status);
    else json(response, { errors: [{ status: '404' }] }, status);
  });
  const { client, entity } = testClient(source.baseUrl, { listings: { all, one } }, { settings });
  for (const id of ['1', '2']) {
    await expect(client.getById(entity, id, { signal })).resolves.toMatchObject({
      kind: 'gone',
      evidence: `GET ${source.baseUrl}/acme%20co/people/${id}?fields=name answered ${status}`,
    });
  }
});

test('403 is gone where the rule says so, and 404 then is not', async () => {
  source = await startSource((request, response) => json(response, {}, request.url?.includes('/1?') ? 403 : 404));
  const { client, entity } = testClient(
    source.baseUrl,
    { listings: { all, one }, gone: { statuses: [403] } },
    { settings },
  );
  await expect(client.getById(entity, '1', { signal })).resolves.toMatchObject({ kind: 'gone' });
  await expect(client.getById(entity, '2', { signal })).rejects.toMatchObject({ type: 'ContractBroken' });
});

test('a tombstone is gone, also one without an id; one of another record is not', async () => {
  source = await startSource((request, response) => {
    const id = request.url?.includes('/1?') ? { id: '1' } : request.url?.includes('/2?') ? {} : { id: '4' };
    json(response, { data: { ...id, deleted: true } });
  });
  const gone = { record: (record: object) => 'deleted' in record };
  const { client, entity } = testClient(source.baseUrl, { listings: { all, one }, gone }, { settings });
  await expect(client.getById(entity, '1', { signal })).resolves.toMatchObject({ kind: 'gone' });
  await expect(client.getById(entity, '2', { signal })).resolves.toMatchObject({ kind: 'gone' });
  await expect(client.getById(entity, '3', { signal })).resolves.toMatchObject({
    kind: 'other-id',
    evidence: expect.stringContaining("another record, '4'"),
  });
});

test('a record that was merged into another is not the one that was asked for', async () => {
  source = await startSource((request, response) => {
    if (request.url?.includes('/17?')) json(response, '', 301, { Location: '/acme%20co/people/42?fields=name' });
    else json(response, { data: { id: '42' } });
  });
  const { client, entity } = testClient(source.baseUrl, { listings: { all, one } }, { settings });
  await expect(client.getById(entity, '17', { signal })).resolves.toMatchObject({
    kind: 'other-id',
    evidence: expect.stringContaining("another record, '42'; the two may have been merged"),
  });
});

test('a setting that the path needs and the connection has not', async () => {
  const { client, entity } = testClient('http://127.0.0.1:9', { listings: { all, one } });
  await expect(client.getById(entity, '1', { signal })).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringContaining('{tenantId}'),
  });
});

test('a base URL with a path of its own keeps it, and a path cannot leave the host', async () => {
  source = await startSource((_, response) => json(response, { id: '1' }));
  const made = testClient(`${source.baseUrl}/api/v2/`, {
    listings: { all, one: { path: '//evil.example/{id}' } },
  });
  await made.client.getById(made.entity, '1', { signal });
  expect(source.requests).toEqual(['/api/v2//evil.example/1']);
});
