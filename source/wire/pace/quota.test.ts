import { rateLimit } from '../../../schema/definition/rateLimit';
import {
  json,
  openBudget,
  readAll,
  startSource,
  type TestSource,
  testClient,
} from '../../../test/support/sources/httpSource';
import { quotaWait, waitSaidBy } from './quota';

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
  expect(quotaWait(reply(status, headers))).toBe(milliseconds);
});

test('a declared header, unit and status', () => {
  const declared = { header: 'X-Quota-Reset', unit: 'epoch-milliseconds', statuses: [409] } as const;
  expect(quotaWait(reply(409, { 'x-quota-reset': String(now + 5_000) }), { reset: declared as never })).toBe(5_000);
  expect(quotaWait(reply(403, { 'x-quota-reset': String(now + 5_000) }), { reset: declared as never })).toBeUndefined();
});

describe('a wait that only the body names', () => {
  const said = (body: unknown, headers: Record<string, string> = {}, status = 429) =>
    ({
      ...{ status, headers: { date, ...headers }, received: now },
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    }) as never;
  const place = (input: object) => ({ retryAfter: rateLimit.shape.retryAfter.parse(input) });
  const title = place({ path: 'title', text: 'in {wait} second' });

  test.each<[string, unknown, number | undefined]>([
    ['its words', 'Rate limit is exceeded. Try again in 12 seconds.', 12_000],
    ['another case, and a fraction', 'AGAIN IN 1.5 SECONDS', 1_500],
    ['another number before it', '60 requests per 1 second. Try again in 7 seconds', 7_000],
    ['a year', 'Try again in 99999999 seconds', 86_400_000],
    ['a number too long to be one', `in ${'9'.repeat(40)} seconds`, undefined],
    ['no number', 'Try again in a few seconds', undefined],
    ['another unit', 'Try again in 12 minutes', undefined],
    ['no text', { seconds: 12 }, undefined],
  ])('%s', (_, text, milliseconds) => {
    expect(quotaWait(said({ title: text }), title)).toBe(milliseconds);
  });

  test('a number, in its unit, with its status only; what is not JSON says nothing', () => {
    const minutes = place({ path: 'error.wait', unit: 'minutes', statuses: [403] });
    expect(quotaWait(said({ error: { wait: 2 } }, {}, 403), minutes)).toBe(120_000);
    expect(quotaWait(said({ error: { wait: '2' } }, {}, 403), minutes)).toBe(120_000);
    expect(quotaWait(said({ error: { wait: 'about 2' } }, {}, 403), minutes)).toBeUndefined();
    expect(quotaWait(said({ error: { wait: 2 } }), minutes)).toBeUndefined();
    expect(quotaWait(said('in 12 seconds'), title)).toBeUndefined();
    expect(quotaWait(said({ title: ' '.repeat(70_000) }), title)).toBeUndefined();
  });

  test('a header counts first, and what said so is named', () => {
    const body = { title: 'Try again in 12 seconds' };
    expect(quotaWait(said(body, { 'retry-after': '60' }), title)).toBe(60_000);
    expect(waitSaidBy(said(body, { 'retry-after': '60' }), title)).toBe('Retry-After: 60');
    expect(waitSaidBy(said(body), title)).toBe("12 s in 'title' of its body");
  });

  test('a definition must say where the number is', () => {
    expect(() => place({ path: 'title', text: 'in seconds' })).toThrow('must contain {wait} once');
  });
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

test('a wait in a body holds all workers back like one in a header', async () => {
  source = await startSource((_, response) => json(response, { detail: 'Expected available in 3600 seconds.' }, 429));
  const budget = openBudget();
  const client = testClient(
    source.baseUrl,
    {},
    {
      budget,
      rateLimit: { requests: 10, per: '1s', retryAfter: { path: 'detail', text: 'available in {wait} seconds' } },
    },
  );
  await expect(readAll(client)).rejects.toMatchObject({
    type: 'SourceAsksToWait',
    retryAfterMs: 3_600_000,
    message: expect.stringContaining("3600 s in 'detail' of its body"),
  });
  expect(budget.blocked).toEqual([3_600_000]);
});
