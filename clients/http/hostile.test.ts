import { connect } from 'node:net';
import fc from 'fast-check';
import {
  type Described,
  evilBodies,
  operationsOf,
  requestTo,
  rightRequest,
  type Sent,
  singleFaults,
} from '../../test/support/hostileRequests';
import { type Got, sendRaw } from '../../test/support/sendRaw';
import { apiKey, type TestServer, testServer } from '../../test/support/server';
import { type TestProxy, testProxy } from '../../test/support/sources/proxy';
import { problemShape } from './api/problemShape';

/** Whatever is sent to the API: it never fails, and what it refuses it refuses in one form, which says how to mend it. */
const known = {
  connection: ['demo', 'demo', 'nobody', 'new-one'],
  connector: ['shop', 'nobody'],
  entity: ['customers', 'orders', 'nothing'],
  id: ['1', 'a b', 'ä'],
  run: ['1', '999'],
  plan: ['1', '999'],
  entry: ['1', '999'],
  entries: [[1], [1, 999]],
  reason: ['why not'],
  by: ['ada'],
  server: ['https://tidemark.example'],
  secret: ['webhookSecret', 'nothing'],
  settings: [{ baseUrl: 'http://127.0.0.1:9' }, { baseUrl: 'nowhere' }],
  secrets: [{ webhookSecret: 'hush' }, { other: 'hush' }],
  since: ['2026-01-01T00:00:00Z'],
  until: ['2026-02-01T00:00:00+02:00'],
  workflowId: ['tidemark/nothing', 'tidemark/delta/nobody/nothing', 'elsewhere'],
  workflowRunId: ['4f0cf5d5-0a3e-4c3e-8f1c-2f2d5a3c9b11'],
  // no worker runs, so whoever waits waits in vain
  wait: ['1'],
  source: ['false'],
  state: ['parked'],
} as const;

const perOperation = 12;
/** for a slow machine: hundreds of requests */
const longMs = 180_000;
let server: TestServer;
let send: (sent: Sent) => Promise<Got>;

beforeAll(async () => {
  server = await testServer({ requestsPerMinute: 1_000_000 });
  send = (sent) => sendRaw(server.server.url, apiKey, sent);
});

function assertTold({ method, path, body }: Sent, got: Got, operation?: Described): void {
  const asked = `${method} ${path} ${String(body).slice(0, 300)}`;
  if (got.status < 300) {
    expect([asked, got.status]).toEqual([asked, operation?.status]);
    return;
  }
  const told = JSON.parse(got.text);
  if (operation) expect([asked, operation.statuses]).toEqual([asked, expect.arrayContaining([got.status])]);
  expect([asked, got.status < 500, told.detail]).toEqual([asked, true, expect.stringMatching(/\S{3}/)]);
  expect([asked, got.headers['content-type']]).toEqual([asked, expect.stringMatching(/^application\/problem\+json/)]);
  expect([asked, problemShape.safeParse(told).error?.issues ?? []]).toEqual([asked, []]);
  expect([asked, told.status, told.instance]).toEqual([asked, got.status, got.headers['x-request-id']]);
  expect(got.text).not.toMatch(/node_modules|\.[jt]s:\d|\\n {4}at /);
}

async function described(): Promise<Described[]> {
  const { text } = await send({ method: 'GET', path: '/api/openapi.json', body: undefined, contentType: '' });
  return operationsOf(JSON.parse(text));
}

/** Some of what is sent is right, and removes it. */
async function connectionAgain(): Promise<void> {
  const { rows } = await server.db.raw(`select 1 from tidemark.connections where id = 'demo'`);
  if (rows.length === 0) await server.addConnection('demo');
}

test(
  'every operation, with each field wrong in each way',
  async () => {
    for (const operation of await described()) {
      for (const sent of singleFaults(operation, known, ['wait', 'source'])) {
        assertTold(sent, await send(sent), operation);
        if (operation.path.endsWith('/remove')) await connectionAgain();
      }
    }
    expect(server.log()).not.toContain('"level":"error"');
  },
  longMs,
);

test(
  'every operation, with anything anywhere',
  async () => {
    const statuses = new Map<number, number>();
    for (const operation of await described()) {
      const wrong = fc.asyncProperty(requestTo(operation, known), async (sent) => {
        const got = await send(sent);
        statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1);
        assertTold(sent, got, operation);
      });
      await fc.assert(wrong, { seed: 20261121, numRuns: perOperation, endOnFailure: true });
      await connectionAgain();
    }
    // the requests came past the schemas often enough
    for (const status of [200, 202, 400, 404, 409])
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
    expect(server.log()).not.toContain('"level":"error"');
  },
  longMs,
);

test(
  'bodies that are no JSON object',
  async () => {
    for (const operation of (await described()).filter(({ method }) => method === 'POST')) {
      const path = operation.path.replace(/\{\w+\}/g, '1');
      for (const evil of evilBodies) {
        const sent = { method: 'POST', path, ...evil };
        assertTold(sent, await send(sent), operation);
      }
    }
  },
  longMs,
);

test.each([
  ['/api/connections/%zz', 400, 'percent'],
  ['/api/connections/%', 400, 'percent'],
  ['/api/connections/%ff%fe', 400, 'percent'],
  [`/api/connections/${'x'.repeat(300)}`, 414, 'longer'],
  ['/api/connections/%00', 400, 'path.connection'],
  ['/api/connections/a%2Fb%25', 404, 'a/b%'],
  ['/api/runs/1?deleted=NaN', 400, 'query.deleted'],
  ['/api/runs/1?deleted=1e309', 400, 'query.deleted'],
  ['/api/runs?limit=-1', 400, 'query.limit'],
  ['/api/runs?connection=a&connection=b', 400, 'query.connection'],
  ['/api/connections?limit=1', 400, 'limit'],
  ['/api/nothing', 404, '/api/nothing'],
] as const)('%s is refused with %d', async (path, status, says) => {
  const sent = { method: 'GET', path, body: undefined, contentType: '' };
  const got = await send(sent);
  assertTold(sent, got);
  expect([got.status, JSON.parse(got.text).detail]).toEqual([status, expect.stringContaining(says)]);
});

test(
  'without PostgreSQL every operation that needs it says 503 and when to try again',
  async () => {
    let proxy: TestProxy | undefined;
    const { api } = await testServer({
      databaseUrl: async (url) => {
        const direct = new URL(url);
        proxy = await testProxy(direct.hostname, Number(direct.port));
        direct.host = `127.0.0.1:${proxy.port}`;
        return direct.href;
      },
    });
    await proxy?.cut();
    // optional, but some operations are not to be asked without them
    const said = ['wait', 'source', 'settings', 'secrets', 'entries', 'value', 'state'];
    for (const operation of await described()) {
      const { method, path, body } = rightRequest(operation, { ...known, rows: ['keep'] }, said);
      const { status, headers } = await api(method as 'GET', path, body);
      // the doctor is there to say so, and Temporal alone knows outcomes
      const other: Readonly<Record<string, number>> = { '/api/doctor': 200, '/api/outcome': 404 };
      expect([path, status]).toEqual([path, other[operation.path] ?? 503]);
      expect([path, headers.has('retry-after')]).toEqual([path, status === 503]);
    }
  },
  longMs,
);

test('who wants a story does not wait for a source that nobody asks longer than was said', async () => {
  const path = '/api/explain?connection=demo&entity=customers&id=1&wait=1';
  const { status, text } = await send({ method: 'GET', path, body: undefined, contentType: '' });
  expect([status, JSON.parse(text)]).toEqual([
    200,
    expect.objectContaining({
      verdict: { right: null, sentence: expect.stringContaining('there is no row of it') },
      leftOut: expect.stringContaining('what the source says now'),
    }),
  ]);
});

test.each([
  ['no HTTP at all\r\n\r\n', 400],
  [`GET /api/status HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
] as const)('bytes that are no request: %#', async (bytes, status) => {
  const { hostname, port } = new URL(server.server.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  const told = problemShape.parse(JSON.parse(body));
  expect(head).toContain(`x-request-id: ${told.instance}`);
});
