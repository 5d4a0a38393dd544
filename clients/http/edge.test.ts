import { request } from 'node:http';
import { Writable } from 'node:stream';
import { readSettings } from '../../schema/settings/settings';
import { atEnd } from '../../test/environment';
import { type Engine, encryptionKey, startChurch } from '../../test/support/engine';
import { startServer } from '../server';
import { securityHeaders } from './securityHeaders';

/** What holds for every request: limits, proxies, Host, headers. */
const key = 'the-key-of-the-api';
let engine: Engine;
let url: string;

beforeAll(async () => {
  ({ engine } = await startChurch({ people: 1 }));
  const { db, temporal, taskQueue, connector } = engine;
  const server = await startServer({
    settings: readSettings({ OAUTH_ENCRYPTION_KEY: encryptionKey, TIDEMARK_API_KEY: key, PORT: '0' }),
    config: { connectors: [connector] },
    ...{ db, temporal, taskQueue, logTo: new Writable({ write: (_c, _e, done) => done() }) },
  });
  atEnd(() => server.close());
  url = server.url;
});

test('who asks too often is told when to come back, also without a key', async () => {
  const { db, temporal, taskQueue, connector } = engine;
  const strict = await startServer({
    settings: readSettings({ OAUTH_ENCRYPTION_KEY: encryptionKey, TIDEMARK_API_KEY: key, PORT: '0' }),
    config: { connectors: [connector] },
    ...{ db, temporal, taskQueue, requestsPerMinute: 3, logTo: new Writable({ write: (_c, _e, done) => done() }) },
  });
  atEnd(() => strict.close());
  const ask = () => fetch(`${strict.url}/api/connections`);
  for (let n = 0; n < 3; n++) expect((await ask()).status).toBe(401);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ type: 'urn:tidemark:TooManyRequests' });
  // webhooks and health are not bounded by it
  expect((await fetch(`${strict.url}/healthz`)).status).toBe(200);
  // who has the key is not locked out by those who have none, nor is monitoring by who has it
  const withKey = (path: string) => fetch(`${strict.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  for (let n = 0; n < 3; n++) expect((await withKey('/api/connections')).status).toBe(200);
  expect(await (await withKey('/api/connections')).json()).toMatchObject({
    detail: expect.stringContaining('this key'),
  });
  expect((await withKey('/metrics')).status).toBe(200);
  expect((await fetch(`${strict.url}/metrics`)).status).toBe(429);
});

test('behind a proxy that is trusted, each client is counted by its own address; nobody else names one', async () => {
  const { db, temporal, taskQueue, connector } = engine;
  const statuses = async (trust: string | undefined, addresses: readonly string[]) => {
    const env = { OAUTH_ENCRYPTION_KEY: encryptionKey, TIDEMARK_API_KEY: key, PORT: '0', TRUST_PROXY: trust };
    const server = await startServer({
      settings: readSettings(env),
      config: { connectors: [connector] },
      ...{ db, temporal, taskQueue, requestsPerMinute: 1, logTo: new Writable({ write: (_c, _e, done) => done() }) },
    });
    atEnd(() => server.close());
    const found: number[] = [];
    for (const address of addresses) {
      const response = await fetch(`${server.url}/api/connections`, { headers: { 'x-forwarded-for': address } });
      found.push(response.status);
    }
    return found;
  };
  const clients = ['198.51.100.1', '198.51.100.2', '198.51.100.1'];
  expect(await statuses('loopback', clients)).toEqual([401, 401, 429]);
  expect(await statuses('1', clients)).toEqual([401, 401, 429]);
  expect(await statuses(undefined, clients)).toEqual([401, 429, 429]);
  expect(await statuses('10.0.0.0/8', clients)).toEqual([401, 429, 429]);
  // what a client wrote itself stands before what the proxy appended
  expect(await statuses('1', ['203.0.113.1, 198.51.100.1', '203.0.113.2, 198.51.100.1'])).toEqual([401, 429]);
});

test('a proxy’s word does not make a foreign Host this machine', async () => {
  const { db, temporal, taskQueue, connector } = engine;
  const server = await startServer({
    settings: readSettings({ OAUTH_ENCRYPTION_KEY: encryptionKey, PORT: '0', TRUST_PROXY: 'loopback' }),
    config: { connectors: [connector] },
    ...{ db, temporal, taskQueue, logTo: new Writable({ write: (_c, _e, done) => done() }) },
  });
  atEnd(() => server.close());
  const { port } = new URL(server.url);
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: '/api/connections', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.once('error', reject);
      sent.end();
    });
  expect(await status({})).toBe(200);
  expect(await status({ host: 'evil.example' })).toBe(401);
  expect(await status({ host: 'evil.example', 'x-forwarded-host': 'localhost' })).toBe(401);
});

test.each([
  '/api/connections',
  '/healthz',
  '/readyz',
  '/metrics',
  '/nowhere',
  '/webhooks/nobody',
  '/%E0%A4%A',
  `/api/plans/${'x'.repeat(300)}`,
])('a browser neither guesses, keeps, frames nor runs what %s responds with', async (path) => {
  const { headers } = await fetch(`${url}${path}`);
  for (const [name, value] of Object.entries(securityHeaders)) expect([name, headers.get(name)]).toEqual([name, value]);
});

test.each(['true', 'everybody', '0', '10', '0.0.0.0/0', '::/0', '10.0.0.0/33', 'proxy.example', ''.padEnd(3, ',')])(
  'TRUST_PROXY=%s is refused',
  (text) => {
    expect(() => readSettings({ TRUST_PROXY: text })).toThrow(/TRUST_PROXY names no proxies/);
  },
);
