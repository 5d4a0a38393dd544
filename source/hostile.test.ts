import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { ErrorType } from '../schema/errors';
import {
  json,
  type Responder,
  readAll,
  secretToken,
  startSource,
  type TestSource,
  testClient,
} from '../test/support/sources/httpSource';

/** Small, so that a bomb needs no gigabytes; patient, so that a busy machine changes nothing. */
const patient = { bytes: 1_000_000, timeoutMs: 60_000, idleMs: 60_000 };
const bomb = gzipSync(Buffer.alloc(200_000_000, 32));

const list = { path: '/people', records: 'data', error: 'error', paging: { scheme: 'none' } } as const;
const one = { path: '/people/{id}', record: 'data', error: 'error' } as const;
const ok = { data: [{ id: 1, name: 'Ada' }] };

function text(
  response: ServerResponse,
  body: string | Buffer,
  headers: Record<string, string> = {},
  status = 200,
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body);
}

interface Case {
  readonly name: string;
  readonly respond: Responder;
  readonly type: ErrorType;
  readonly message: RegExp;
  /** requests that it takes to be sure */
  readonly requests: number;
  readonly limits?: { readonly timeoutMs?: number; readonly idleMs?: number };
}

const html = '<!DOCTYPE html><html><body>Please log in</body></html>';

const cases: readonly Case[] = [
  {
    name: '200 with an error body',
    respond: (_, response) => json(response, { data: [], error: { message: 'quota exceeded' } }),
    type: 'ContractBroken',
    message: /quota exceeded/,
    requests: 1,
  },
  { name: 'HTML', respond: (_, r) => text(r, html), type: 'ContractBroken', message: /web page/, requests: 4 },
  {
    name: 'an empty body',
    respond: (_, r) => text(r, ''),
    type: 'ContractBroken',
    message: /an empty body/,
    requests: 4,
  },
  {
    name: '205',
    respond: (_, response) => text(response, '', {}, 205),
    type: 'ContractBroken',
    message: /answered 205/,
    requests: 1,
  },
  { name: 'null', respond: (_, r) => json(r, 'null'), type: 'ContractBroken', message: /missing/, requests: 1 },
  { name: 'a string', respond: (_, r) => json(r, '"ok"'), type: 'ContractBroken', message: /missing/, requests: 1 },
  {
    name: 'an object for a list',
    respond: (_, response) => json(response, { data: { 1: 'Ada' } }),
    type: 'ContractBroken',
    message: /'data' in the body is not a list but an object/,
    requests: 1,
  },
  {
    name: 'JSON cut short',
    respond: (_, response) => text(response, '{"data":[{"id":1},{"id"'),
    type: 'SourceUnavailable',
    message: /cut short/,
    requests: 4,
  },
  {
    name: 'JSON cut behind a bracket',
    respond: (_, response) => text(response, '{"data":[{"id":1},{"id":2}'),
    type: 'SourceUnavailable',
    message: /cut short/,
    requests: 4,
  },
  {
    name: 'no JSON',
    respond: (_, response) => text(response, ")]}',\n{}"),
    type: 'ContractBroken',
    message: /not JSON/,
    requests: 1,
  },
  {
    name: 'a connection cut in the body',
    respond: (_, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('{"data":[');
      setTimeout(() => response.destroy(), 20);
    },
    type: 'SourceUnavailable',
    message: /connection .* broke/,
    requests: 4,
  },
  {
    name: 'gzip cut short',
    respond: (_, response) =>
      text(response, gzipSync(JSON.stringify(ok)).subarray(0, 25), { 'Content-Encoding': 'gzip' }),
    type: 'SourceUnavailable',
    message: /compressed body was cut short/,
    requests: 4,
  },
  {
    name: 'no gzip',
    respond: (_, response) => text(response, JSON.stringify(ok), { 'Content-Encoding': 'gzip' }),
    type: 'ContractBroken',
    message: /said to be gzip/,
    requests: 4,
  },
  {
    name: 'an unknown encoding',
    respond: (_, response) => text(response, JSON.stringify(ok), { 'Content-Encoding': 'compress' }),
    type: 'ContractBroken',
    message: /encoded as 'compress'/,
    requests: 1,
  },
  {
    name: 'a gzip bomb',
    respond: (_, response) => text(response, bomb, { 'Content-Encoding': 'gzip' }),
    type: 'ContractBroken',
    message: /larger than 1000000 bytes/,
    requests: 1,
  },
  {
    name: 'a body without end',
    respond: (_, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(200_000, 32)), 1);
      response.on('close', () => clearInterval(timer));
    },
    type: 'ContractBroken',
    message: /larger than 1000000 bytes/,
    requests: 1,
  },
  {
    name: 'the wrong charset',
    respond: (_, response) => text(response, Buffer.from('{"data":[{"id":1,"name":"Zo\xeb"}]}', 'latin1')),
    type: 'ContractBroken',
    message: /not text in the charset 'utf-8'/,
    requests: 4,
  },
  {
    name: 'an unknown charset',
    respond: (_, response) =>
      text(response, JSON.stringify(ok), { 'Content-Type': 'application/json; charset=klingon' }),
    type: 'ContractBroken',
    message: /charset 'klingon'/,
    requests: 1,
  },
  {
    name: 'silence',
    respond: () => undefined,
    type: 'SourceUnavailable',
    message: /no data arrived/,
    requests: 4,
    limits: { idleMs: 300 },
  },
  {
    name: 'a body that hangs',
    respond: (_, response) => {
      response.writeHead(200);
      response.write('{"data":[');
    },
    type: 'SourceUnavailable',
    message: /no data arrived for 300 ms/,
    requests: 4,
    limits: { idleMs: 300 },
  },
  {
    name: 'a body that trickles',
    respond: (_, response) => {
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    },
    type: 'SourceUnavailable',
    message: /not complete after 600 ms/,
    requests: 4,
    limits: { timeoutMs: 600 },
  },
  {
    name: 'a reset',
    respond: (request) => request.socket.resetAndDestroy(),
    type: 'SourceUnavailable',
    message: /connection .* broke \(ECONNRESET\)/,
    requests: 4,
  },
  {
    name: 'something that is not HTTP',
    respond: (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
    type: 'ContractBroken',
    message: /not HTTP/,
    requests: 4,
  },
  { name: '500', respond: (_, r) => json(r, { e: 1 }, 500), type: 'SourceUnavailable', message: /500/, requests: 1 },
  ...[502, 503, 504].map(
    (status): Case => ({
      name: String(status),
      respond: (_, response) => text(response, html, {}, status),
      type: 'SourceUnavailable',
      message: new RegExp(`answered ${status} .* \\(tried 4 times\\)`),
      requests: 4,
    }),
  ),
  { name: '400', respond: (_, r) => json(r, { m: 'bad' }, 400), type: 'ContractBroken', message: /query/, requests: 1 },
  { name: '404 of a list', respond: (_, r) => json(r, {}, 404), type: 'ContractBroken', message: /path/, requests: 1 },
  {
    name: '401',
    respond: (_, r) => json(r, {}, 401),
    type: 'CredentialsRefused',
    message: /tidemark connect/,
    requests: 1,
  },
  {
    name: '403 of a list',
    respond: (_, response) => json(response, {}, 403),
    type: 'CredentialsRefused',
    message: /may not read/,
    requests: 1,
  },
  {
    name: 'a redirect to another host',
    respond: (_, response) => json(response, '', 302, { Location: 'https://evil.example/people' }),
    type: 'ContractBroken',
    message: /redirect to https:\/\/evil\.example\b/,
    requests: 1,
  },
  {
    name: 'a redirect to another port',
    respond: (_, response) => json(response, '', 307, { Location: 'http://127.0.0.1:9/people' }),
    type: 'ContractBroken',
    message: /redirect to http:\/\/127\.0\.0\.1:9/,
    requests: 1,
  },
  {
    name: 'a redirect to nowhere',
    respond: (_, response) => json(response, '', 301),
    type: 'ContractBroken',
    message: /redirect to no address/,
    requests: 1,
  },
  {
    name: 'redirects in a circle',
    respond: (_, response) => json(response, '', 302, { Location: '/people?again' }),
    type: 'ContractBroken',
    message: /redirected 6 times/,
    requests: 6,
  },
];

const unfit = new Map<string, { error: Error & { type?: ErrorType }; requests: number }>();

beforeAll(async () => {
  // those that are about time last: the others keep the process busy for longer than their limits
  await outcomes(cases.filter(({ limits }) => limits === undefined));
  await outcomes(cases.filter(({ limits }) => limits !== undefined));
}, 60_000);

async function outcomes(some: readonly Case[]): Promise<void> {
  await Promise.all(
    some.map(async ({ name, respond, limits }) => {
      // one that is given up at once may never arrive at the source
      let requests = 0;
      const onAnswer = () => {
        requests += 1;
      };
      // the source repeats the secret wherever it can
      const source = await startSource((request, response, url) => {
        response.setHeader('X-Your-Token', secretToken);
        respond(request, response, url);
      });
      try {
        const { records } = await readAll(
          testClient(source.baseUrl, { listings: { all: list } }, { limits: { ...patient, ...limits }, onAnswer }),
        );
        unfit.set(name, { error: new Error(`read ${records.length} records`), requests });
      } catch (error) {
        unfit.set(name, { error: error as Error, requests });
      } finally {
        await source.close();
      }
    }),
  );
}

test.each(cases)('$name: $type', ({ name, type, message, requests }) => {
  const outcome = unfit.get(name);
  expect(outcome?.error.message).toMatch(message);
  expect(outcome?.error.type).toBe(type);
  expect(outcome?.error.message).toMatch(/^acme, connection 'demo', people, listing 'all': GET http:\/\/127\.0\.0\.1:/);
  expect(outcome?.requests).toBe(requests);
  expect(outcome?.error.cause).toBeUndefined();
});

describe('with a source of its own', () => {
  let source: TestSource | undefined;
  afterEach(() => source?.close());

  test('what breaks once or twice is read all the same', async () => {
    let times = 0;
    source = await startSource((request, response) => {
      times += 1;
      if (times === 1) request.socket.resetAndDestroy();
      else if (times === 2) text(response, html, {}, 503);
      else json(response, ok);
    });
    const { pages } = await readAll(testClient(source.baseUrl, { listings: { all: list } }));
    expect(pages).toMatchObject([{ records: ok.data, requests: 3, resumePoint: null }]);
  });

  test('a redirect on the same host is followed with the secret', async () => {
    source = await startSource((_, response, url) => {
      if (url.pathname === '/people') json(response, '', 301, { Location: '/v2/people' });
      else json(response, ok);
    });
    const { records } = await readAll(testClient(source.baseUrl, { listings: { all: list } }));
    expect(records).toEqual(ok.data);
    expect(source.headers.map(({ authorization }) => authorization)).toEqual(Array(2).fill(`Bearer ${secretToken}`));
  });

  test.each([
    ['gzip', gzipSync(JSON.stringify(ok))],
    ['identity', Buffer.from(`\ufeff${JSON.stringify(ok)}`)],
  ])('%s is read', async (encoding, body) => {
    source = await startSource((_, response) => text(response, body, { 'Content-Encoding': encoding }));
    expect((await readAll(testClient(source.baseUrl, { listings: { all: list } }))).records).toEqual(ok.data);
  });

  test('a declared charset is honoured', async () => {
    source = await startSource((_, response) =>
      text(response, Buffer.from('{"data":[{"id":1,"name":"Zo\xeb"}]}', 'latin1'), {
        'Content-Type': 'application/json; charset=ISO-8859-1',
      }),
    );
    const { records } = await readAll(testClient(source.baseUrl, { listings: { all: list } }));
    expect(records).toEqual([{ id: 1, name: 'Zoë' }]);
  });

  test('cancellation ends a hanging request with its own reason', async () => {
    const stop = new AbortController();
    source = await startSource(() => stop.abort(new Error('the worker shuts down')));
    const { client, entity } = testClient(source.baseUrl);
    const reading = readAll({ client, entity } as never, 'all', { signal: stop.signal });
    await expect(reading).rejects.toThrow('the worker shuts down');
  });

  test('when the request was sent in the clock of the source', async () => {
    source = await startSource((_, response) => json(response, ok, 200, { Date: 'Sat, 21 Nov 2026 09:20:37 GMT' }));
    const { pages } = await readAll(testClient(source.baseUrl, { listings: { all: list } }));
    const stamped = Date.parse('2026-11-21T09:20:37Z');
    expect(pages[0]?.sourceSent).toBeLessThan(stamped);
    expect(pages[0]?.sourceSent).toBeGreaterThan(stamped - 5_000);
    expect(pages[0]?.sent).toBeLessThan(pages[0]?.received ?? 0);
  });

  test.each([
    ['an error body', one, { error: 'oops' }, /error: "oops"/],
    ['null', one, null, /without a record/],
    ['an empty object', one, {}, /without a record/],
    ['an empty list', one, { data: [] }, /without a record/],
    ['a record without an id', one, { data: { name: 'Ada' } }, /cannot be recognised/],
  ])('by id: %s is neither live nor gone', async (_, definition, body, message) => {
    source = await startSource((_request, response) => json(response, body));
    const { client, entity } = testClient(source.baseUrl, { listings: { all: list, one: definition } });
    const answer = client.getById(entity, '17', { signal: new AbortController().signal });
    await expect(answer).rejects.toMatchObject({ type: 'ContractBroken', message: expect.stringMatching(message) });
  });

  test.each<[string, Responder, ErrorType]>([
    ['403', (_, r) => json(r, {}, 403), 'ContractBroken'],
    ['404 from a web server', (_, r) => text(r, html, { 'Content-Type': 'text/html' }, 404), 'ContractBroken'],
    ['HTML', (_, r) => text(r, html), 'ContractBroken'],
    ['empty', (_, r) => text(r, ''), 'ContractBroken'],
    ['500', (_, r) => json(r, {}, 500), 'SourceUnavailable'],
    ['400', (_, r) => json(r, {}, 400), 'ContractBroken'],
    ['401', (_, r) => json(r, {}, 401), 'CredentialsRefused'],
  ])('by id: %s is an error about that record', async (_, respond, type) => {
    source = await startSource(respond);
    const { client, entity } = testClient(source.baseUrl, { listings: { all: list, one } });
    const answer = client.getById(entity, '17', { signal: new AbortController().signal });
    await expect(answer).rejects.toMatchObject({ type, message: expect.stringContaining("record '17'") });
  });
});
