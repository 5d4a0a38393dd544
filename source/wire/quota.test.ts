import { json, openBudget, readAll, startSource, type TestSource, testClient } from '../../test/support/httpSource';
import { quotaWait } from './quota';

const date = 'Fri, 27 Nov 2026 01:00:00 GMT';
const now = Date.parse(date);
const inAMinute = now / 1000 + 60;
const reply = (status: number, headers: Record<string, string>) =>
  ({ status, headers: { date, ...headers }, received: now + 3_600_000 }) as never;

test.each<[string, number, Record<string, string>, number | undefined]>([
  [
    '403, nothing remains, reset in epoch seconds',
    403,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(inAMinute) },
    60_000,
  ],
  [
    '403, nothing remains, reset in epoch milliseconds',
    403,
    { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(inAMinute * 1000) },
    60_000,
  ],
  ['403, nothing remains, reset in seconds', 403, { 'ratelimit-remaining': '0', 'ratelimit-reset': '60' }, 60_000],
  ['403, the field of the draft', 403, { ratelimit: '"default";r=0;t=60' }, 60_000],
  ['403, the older field of the draft', 403, { ratelimit: 'limit=100, remaining=0, reset=60' }, 60_000],
  ['403 with Retry-After', 403, { 'retry-after': '60' }, 60_000],
  ['429 with a reset', 429, { 'x-ratelimit-reset': String(inAMinute) }, 60_000],
  ['503 with Retry-After', 503, { 'retry-after': '60' }, 60_000],
  ['a reset in a year is cut to a day', 429, { 'x-ratelimit-reset': String(now / 1000 + 31_536_000) }, 86_400_000],
  ['a reset that has passed', 429, { 'x-ratelimit-reset': String(now / 1000 - 5) }, 0],
  ['403 while some remains is a refusal', 403, { 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': '60' }, undefined],
  ['403 alone is a refusal', 403, {}, undefined],
  ['a reset with a 200 is no wait', 200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }, undefined],
  ['a reset that is no number', 429, { 'x-ratelimit-reset': 'soon' }, undefined],
])('%s', (_, status, headers, milliseconds) => {
  expect(quotaWait(reply(status, headers), undefined)).toBe(milliseconds);
});

test('a declared header, unit and status', () => {
  const declared = { header: 'X-Quota-Reset', unit: 'epoch-milliseconds', statuses: [409] } as const;
  expect(quotaWait(reply(409, { 'x-quota-reset': String(now + 5_000) }), declared as never)).toBe(5_000);
  expect(quotaWait(reply(403, { 'x-quota-reset': String(now + 5_000) }), declared as never)).toBeUndefined();
});

let source: TestSource | undefined;
afterEach(() => source?.close());

test('a used-up quota is a wait for all, and no evidence that a record is gone even where 403 means gone', async () => {
  source = await startSource((_, response) => json(response, { message: 'limit' }, 403, { 'Retry-After': '60' }));
  const budget = openBudget();
  const client = testClient(
    source.baseUrl,
    {
      gone: { statuses: [403, 404] },
      listings: { all: { path: '/people', paging: { scheme: 'none' } }, one: { path: '/people/{id}' } },
    },
    { budget },
  );
  const wait = { type: 'SourceAsksToWait', retryAfterMs: 60_000 };
  await expect(readAll(client)).rejects.toMatchObject(wait);
  await expect(client.client.ask(client.entity, '1', { signal: new AbortController().signal })).rejects.toMatchObject(
    wait,
  );
  expect(budget.blocked).toEqual([60_000, 60_000]);
});
