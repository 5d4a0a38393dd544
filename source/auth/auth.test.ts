import type { ConnectorInput } from '../../schema/definition/connector';
import {
  json,
  openBudget,
  type Responder,
  readAll,
  startSource,
  type TestSource,
  testClient,
  testClock,
} from '../../test/support/sources/httpSource';
import { createReporter } from '../wire/report';
import { ask, type Sender } from '../wire/send';

let source: TestSource | undefined;
afterEach(() => source?.close());

type AuthInput = ConnectorInput<never, never>['auth'];
const password = 'hunter2-hunter2';
const user = 'ada@example.com';
const token = 'tok/en+"42"=';
const listed = [{ id: 1 }];
const listingWith = (further: object) => ({
  listings: { all: { path: '/people', paging: { scheme: 'none' as const }, ...further } },
});

const basicHeader = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const schemes: [string, AuthInput, string | undefined, string | undefined, string][] = [
  ['none', { scheme: 'none' }, undefined, undefined, '/people'],
  ['basic', { scheme: 'basic', username: 'user', password: 'password' }, 'authorization', basicHeader, '/people'],
  ['bearer', { scheme: 'bearer', token: 'token' }, 'authorization', `Bearer ${token}`, '/people'],
  [
    'a key in a header',
    { scheme: 'apiKey', in: 'header', name: 'X-Key', key: 'token', prefix: 'Token ' },
    'x-key',
    `Token ${token}`,
    '/people',
  ],
  [
    'a key in the query',
    { scheme: 'apiKey', in: 'query', name: 'key', key: 'token' },
    undefined,
    undefined,
    `/people?${new URLSearchParams({ key: token })}`,
  ],
];

test.each(schemes)('%s', async (_, auth, header, value, path) => {
  source = await startSource((_request, response) => json(response, listed));
  await readAll(testClient(source.baseUrl, {}, { auth }));
  expect(source.requests).toEqual([path]);
  if (header) expect(source.headers[0]?.[header]).toBe(value);
  else expect(source.headers[0]?.authorization).toBeUndefined();
});

test.each<[string, Record<string, string>, RegExp]>([
  ['missing', {}, /the secret 'token' is missing/],
  ['empty', { token: ' \n' }, /the secret 'token' is missing/],
  ['of two lines', { token: 'one-secret\ntwo-secret' }, /the secret 'token' holds a line break/],
  [
    'no header text',
    { token: 'one-secret\u20ac' },
    /the secret 'token' holds a character that the header 'Authorization'/,
  ],
  ['half a character', { token: 'one-secret\ud83d' }, /the secret 'token' holds half a surrogate pair/],
])('a secret that is %s is refused before anything is sent', (_, secrets, message) => {
  const make = () => testClient('http://127.0.0.1:9', {}, { secrets });
  expect(make).toThrow(message);
  expect(make).toThrow(expect.objectContaining({ type: 'CredentialsRefused' }));
  expect(make).not.toThrow(/one-secret|two-secret/);
});

test('basic auth carries any character of a user name and password but a colon in the name', async () => {
  source = await startSource((_request, response) => json(response, listed));
  const auth = { scheme: 'basic', username: 'user', password: 'password' } as const;
  const secrets = { user: 'Žofie€', password: 'p:ä🧭' };
  await readAll(testClient(source.baseUrl, {}, { auth, secrets }));
  expect(source.headers[0]?.authorization).toBe(`Basic ${Buffer.from('Žofie€:p:ä🧭').toString('base64')}`);
  const make = () => testClient('http://127.0.0.1:9', {}, { auth, secrets: { user: 'a:b', password } });
  expect(make).toThrow(/the secret 'user' holds a colon/);
});

test.each([
  ['U+20AC', 'ü€'],
  ['U+1F9ED', 'a🧭'],
  ['U+000A', 'a\nX-Admin: 1'],
  ['U+0000', 'a\u0000'],
  ['U+0085', 'a\u0085'],
])('a setting with %s is refused before it goes out in a header, by the names of both', async (code, tenant) => {
  source = await startSource((_request, response) => json(response, listed));
  const reading = readAll(
    testClient(source.baseUrl, listingWith({ headers: { 'X-Tenant': '{tenant}' } }), { settings: { tenant } }),
  );
  await expect(reading).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringMatching(
      new RegExp(`header 'X-Tenant' cannot hold the character ${code.replace('+', '.')}.*tenant`),
    ),
  });
  expect(source.requests).toEqual([]);
});

test('a setting of any characters goes out in a query as it is, but half of one', async () => {
  source = await startSource((_request, response) => json(response, listed));
  const read = (tenant: string) =>
    readAll(
      testClient(source?.baseUrl ?? '', listingWith({ query: { tenant: '{tenant}' } }), { settings: { tenant } }),
    );
  await read('ü€🧭&=%\n');
  expect(new URLSearchParams(source.requests[0]?.split('?')[1]).get('tenant')).toBe('ü€🧭&=%\n');
  await expect(read('a\ud83d')).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringMatching(/surrogate pair/),
  });
});

test('a base URL that carries credentials is refused, and not told', () => {
  const make = () => testClient('https://ada:pass-in-url@api.example.com');
  expect(make).toThrow(/carries a user name or password/);
  expect(make).not.toThrow(/pass-in-url/);
});

/** Sources that throw our secrets back at us in every way they can. */
const echoes: [string, Responder][] = [
  [
    'a JSON error',
    (request, response) => json(response, { error: request.headers, url: request.url, token, password, user }, 400),
  ],
  ['an error in a 200', (request, response) => json(response, { error: { token, password, user, url: request.url } })],
  ['plain text', (_, response) => json(response, `bad token ${token} for ${user}:${password}`, 500)],
  ['401', (request, response) => json(response, `${request.headers.authorization} ${basicHeader} is wrong`, 401)],
  [
    '429',
    (request, response) =>
      json(response, `slow down, ${encodeURIComponent(token)} ${request.url}`, 429, { 'Retry-After': '60' }),
  ],
  [
    'a redirect',
    (_, response) => json(response, '', 302, { Location: `https://evil.example/?k=${encodeURIComponent(token)}` }),
  ],
  ['a cut body', (_, response) => json(response, `{"token":${JSON.stringify(token)}`)],
  ['no list', (_, response) => json(response, { token: token, more: [password, user] })],
  [
    'a link elsewhere',
    (_, response) => json(response, { data: [], next: `https://evil.example/?${new URLSearchParams({ token })}` }),
  ],
];

test.each(echoes.flatMap(([what, respond]) => schemes.map(([name, auth]) => ({ what, respond, name, auth }))))(
  'no secret in the error when the source answers $what under $name',
  async ({ what, respond, auth }) => {
    source = await startSource(respond);
    const records = what === 'no list' ? 'list' : 'data';
    const reading = readAll(
      testClient(
        source.baseUrl,
        { listings: { all: { path: '/people', records, error: 'error', paging: { scheme: 'link', next: 'next' } } } },
        { auth },
      ),
    );
    const error: Error = await reading.then(
      () => new Error('nothing was thrown'),
      (thrown) => thrown,
    );
    expect(error.message).toContain("acme, connection 'demo', people, listing 'all'");
    const told = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
    for (const secret of [token, user, password, basicHeader.slice(6)]) {
      for (const form of [
        secret,
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
        String(new URLSearchParams({ '': secret })).slice(1),
      ]) {
        expect(told).not.toContain(form);
      }
    }
  },
);

test('the key in the query stays out of resume points', async () => {
  source = await startSource((_, response, url) =>
    json(response, {
      data: [{ id: url.searchParams.get('page') ?? '1' }],
      next: url.searchParams.has('page') ? null : `${url.pathname}?page=2&key=${url.searchParams.get('key')}`,
    }),
  );
  const { pages } = await readAll(
    testClient(
      source.baseUrl,
      { listings: { all: { path: '/people', records: 'data', paging: { scheme: 'link', next: 'next' } } } },
      { auth: { scheme: 'apiKey', in: 'query', name: 'key', key: 'token' } },
    ),
  );
  expect(pages[0]?.resumePoint?.next).toBe(`${source.baseUrl}/people?page=2`);
  expect(source.requests[1]).toBe(`/people?${new URLSearchParams({ page: '2', key: token })}`);
});

describe('401', () => {
  function question(baseUrl: string) {
    return {
      url: new URL(`${baseUrl}/people`),
      headers: {},
      about: { entity: 'people', what: "listing 'all'" },
      signal: new AbortController().signal,
      place: { path: '', list: true },
      statuses: new Set<number>(),
      forbidden: { type: 'CredentialsRefused', todo: '' } as const,
    };
  }

  function renewing(): Sender & { renewals: number } {
    const sender = {
      renewals: 0,
      reporter: createReporter('acme', 'demo', {}),
      authorizer: {
        authorize: (request: { headers: Record<string, string> }) => {
          request.headers.Authorization = `Bearer ${sender.renewals}`;
          return sender.renewals;
        },
        renew: () => {
          sender.renewals += 1;
          return Promise.resolve();
        },
      },
      budget: openBudget(),
      clock: testClock,
      limits: { bytes: 1e6, timeoutMs: 10_000, idleMs: 10_000 },
      onAnswer: () => undefined,
      lane: 'acme/renewing',
      concurrency: 2,
    };
    return sender;
  }

  test('in mid-run: the credentials are renewed and the request is sent again', async () => {
    source = await startSource((request, response) => {
      json(response, listed, request.headers.authorization === 'Bearer 1' ? 200 : 401);
    });
    const sender = renewing();
    await expect(ask(sender, question(source.baseUrl), () => undefined)).resolves.toMatchObject({ body: listed });
    expect(sender.renewals).toBe(1);
  });

  test('once: a second one is final', async () => {
    source = await startSource((_, response) => json(response, {}, 401));
    const sender = renewing();
    await expect(ask(sender, question(source.baseUrl), () => undefined)).rejects.toMatchObject({
      type: 'CredentialsRefused',
    });
    expect(sender.renewals).toBe(1);
    expect(source.requests).toHaveLength(2);
  });
});
