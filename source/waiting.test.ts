import {
  json,
  openBudget,
  readAll,
  startSource,
  type TestSource,
  testClient,
} from '../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const listed = [{ id: 1 }];

/** Answers so many times with this status and header, then with the list. */
function busy(times: number, status: number, header: string | undefined) {
  let left = times;
  return startSource((_, response) => {
    if (left === 0) return json(response, listed);
    left -= 1;
    json(response, { message: 'slow down' }, status, header === undefined ? {} : { 'Retry-After': header });
  });
}

test.each<[number, string | undefined, number]>([
  [429, '1', 1_000],
  [429, '0.2', 200],
  [429, '0', 0],
  [429, 'Sat, 21 Nov 2020 09:20:37 GMT', 0],
  [429, undefined, 1_000],
  [429, 'soon', 1_000],
  [503, '1', 1_000],
])('%d with Retry-After %s is waited here, and everyone is told', async (status, header, milliseconds) => {
  source = await busy(1, status, header);
  const budget = openBudget();
  const { records, pages } = await readAll(testClient(source.baseUrl, {}, { budget }));
  expect(records).toEqual(listed);
  expect(budget.blocked).toEqual([milliseconds]);
  expect(budget.taken).toBe(2);
  expect(pages[0]?.requests).toBe(2);
});

test.each<[number, string, number]>([
  [429, '3600', 3_600_000],
  [503, '120', 120_000],
  [429, '999999999999', 86_400_000],
  [429, '11', 11_000],
])('%d with Retry-After %s is not waited here', async (status, header, milliseconds) => {
  source = await busy(9, status, header);
  const budget = openBudget();
  await expect(readAll(testClient(source.baseUrl, {}, { budget }))).rejects.toMatchObject({
    type: 'SourceAsksToWait',
    retryAfterMs: milliseconds,
    message: expect.stringContaining('slow down'),
  });
  expect(budget.blocked).toEqual([milliseconds]);
  expect(source.requests).toHaveLength(1);
});

test('a date is counted from the time that the source tells with it', async () => {
  source = await startSource((_, response) =>
    json(response, {}, 429, { Date: 'Sat, 21 Nov 2020 09:00:00 GMT', 'Retry-After': 'Sat, 21 Nov 2020 09:05:00 GMT' }),
  );
  await expect(readAll(testClient(source.baseUrl))).rejects.toMatchObject({ retryAfterMs: 300_000 });
});

test('a source that goes on saying wait is left alone for a minute', async () => {
  source = await busy(99, 429, '0.1');
  await expect(readAll(testClient(source.baseUrl))).rejects.toMatchObject({
    type: 'SourceAsksToWait',
    retryAfterMs: 60_000,
  });
  expect(source.requests).toHaveLength(4);
});

test('what the budget throws reaches the caller, and nothing is sent', async () => {
  source = await busy(0, 200, undefined);
  const budget = { ...openBudget(), take: () => Promise.reject(new Error('park me')) };
  await expect(readAll(testClient(source.baseUrl, {}, { budget }))).rejects.toThrow('park me');
  expect(source.requests).toEqual([]);
});

test('never more requests under way than the rate limit allows, over all clients of the connection', async () => {
  let under = 0;
  let most = 0;
  source = await startSource((_, response) => {
    under += 1;
    most = Math.max(most, under);
    setTimeout(() => {
      under -= 1;
      json(response, listed);
    }, 20);
  });
  const { baseUrl } = source;
  await Promise.all(
    Array.from({ length: 12 }, () =>
      readAll(testClient(baseUrl, {}, { rateLimit: { requests: 1_000, per: '1s', concurrency: 3 } })),
    ),
  );
  expect(most).toBe(3);
});
