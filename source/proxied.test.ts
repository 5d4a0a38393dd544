import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { defineConnector } from '../schema/definition/connector';
import { readSettings } from '../schema/settings/settings';
import { atEnd } from '../test/environment';
import { sourceCertificate, sourceCertificateKey } from '../test/support/sources/certificate';
import { type ForwardProxy, forwardProxy } from '../test/support/sources/forwardProxy';
import {
  idsOf,
  json,
  openBudget,
  type Responder,
  readAll,
  startSource,
  testClient,
  testClock,
  testEntity,
} from '../test/support/sources/httpSource';
import { authorizationOf } from './authorization';
import { exchange } from './wire/http';

jest.setTimeout(120_000);

const password = 'pr0xy-p@ss/word';
const credentials = `ada:${encodeURIComponent(password)}`;
const listed = [{ id: 1, name: 'Ada', updated_at: '2026-11-21T09:00:00Z' }];

/** A source that only the proxy finds, since nothing resolves its name. */
async function behindProxy(respond: Responder = (_, response) => json(response, listed)) {
  const source = await startSource(respond);
  atEnd(() => source.close());
  const proxy = await forwardProxy(Number(new URL(source.baseUrl).port));
  return { source, proxy };
}

async function secureBehindProxy(): Promise<{ proxy: ForwardProxy; server: Server }> {
  const server = createServer({ cert: sourceCertificate, key: sourceCertificateKey }, (_, response) =>
    json(response, listed),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { server, proxy: await forwardProxy((server.address() as AddressInfo).port) };
}

const read = (baseUrl: string, proxy: Pick<ForwardProxy, 'address'>, limits = {}) => {
  const address = `http://${credentials}@${proxy.address}`;
  const { proxyFor } = readSettings({ HTTPS_PROXY: address, HTTP_PROXY: address });
  return readAll(testClient(baseUrl, {}, { proxyFor, limits }));
};

/** Runs a program that trusts the source's certificate, which only the environment of a new process can say. */
async function readElsewhere(baseUrl: string, env: Record<string, string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'proxied-'));
  atEnd(async () => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, sourceCertificate);
  const jiti = join(dirname(require.resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  const program = join(__dirname, '..', 'test', 'support', 'sources', 'proxiedRead.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [jiti, program, baseUrl], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: file, ...env },
  });
  return stdout;
}

test('an https source is reached through a tunnel, with the credentials of the proxy', async () => {
  const { proxy } = await secureBehindProxy();
  const said = await readElsewhere('https://source.test', { HTTPS_PROXY: `http://${credentials}@${proxy.address}` });
  expect(said).toBe('[1]');
  expect(proxy.asked).toEqual(['CONNECT source.test:443']);
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from(`ada:${password}`).toString('base64')}`]);
});

test('inside the tunnel the certificate is checked against the name of the source', async () => {
  const { proxy } = await secureBehindProxy();
  const said = await readElsewhere('https://other.test', { https_proxy: proxy.address });
  expect(proxy.asked).toEqual(['CONNECT other.test:443']);
  expect(said).toMatch(/no secure connection to other\.test \(ERR_TLS_CERT_ALTNAME_INVALID\)/);
});

test('a certificate that nobody vouches for is final in a tunnel too', async () => {
  const { proxy } = await secureBehindProxy();
  await expect(read('https://source.test', proxy)).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringMatching(/no secure connection to source\.test \(.*SELF_SIGNED.*\)\. Nothing was sent/),
  });
});

test('an http source is asked for by its whole address', async () => {
  const { proxy, source } = await behindProxy();
  expect(idsOf((await read('http://source.test/v1', proxy)).records)).toEqual([1]);
  expect(proxy.asked).toEqual(['GET http://source.test/v1/people']);
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from(`ada:${password}`).toString('base64')}`]);
  expect(source.headers[0]).toMatchObject({ host: 'source.test' });
  expect(source.headers[0]).not.toHaveProperty('proxy-authorization');
});

test('NO_PROXY: the source is reached without it', async () => {
  const { proxy } = await behindProxy();
  const said = await readElsewhere('http://source.test', { HTTP_PROXY: proxy.address, NO_PROXY: '.test' });
  expect(said).toMatch(/source\.test cannot be reached \((ENOTFOUND|EAI_AGAIN)\)|connection to source\.test broke/);
  expect(proxy.asked).toEqual([]);
});

/** A body that would be the whole list, had the source sent it. */
const forged = '[{"id":666,"updated_at":"2026-11-21T09:00:00Z"}]';

describe.each(['https://source.test', 'http://source.test'])('%s', (baseUrl) => {
  const ways = baseUrl.startsWith('https') ? secureBehindProxy : behindProxy;

  test.each([407, 403, 404, 410, 301, 502])(
    'a refusal of the proxy with %i is no response of the source',
    async (status) => {
      const { proxy } = await ways();
      const headers = { 'Content-Type': 'application/json', 'Proxy-Status': 'corp; error=http_request_denied' };
      proxy.refuses = { status, headers, body: forged };
      const failure: Error = await read(baseUrl, proxy).then(
        () => Promise.reject(new Error('it was read')),
        (e) => e,
      );
      expect(failure).toMatchObject({
        type: 'SourceUnavailable',
        message: expect.stringContaining(`the proxy ${proxy.address} refused it with status ${status}`),
      });
      expect(failure.message).not.toContain('666');
      // again within seconds only where that may help
      expect(proxy.asked).toHaveLength(status >= 500 ? 4 : 1);
    },
  );

  test('a proxy that is away', async () => {
    const { proxy } = await ways();
    await proxy.close();
    await expect(read(baseUrl, proxy)).rejects.toMatchObject({
      type: 'SourceUnavailable',
      message: expect.stringContaining(`the proxy ${proxy.address} cannot be reached (ECONNREFUSED) (tried 4 times)`),
    });
  });

  test('a proxy that speaks something else', async () => {
    const tcp = await startSource((request) => request.socket.end('220 mail.example.com ESMTP\r\n'));
    atEnd(() => tcp.close());
    await expect(read(baseUrl, { address: new URL(tcp.baseUrl).host })).rejects.toMatchObject({
      type: 'SourceUnavailable',
      message: expect.stringContaining('the connection to the proxy'),
    });
  });

  test('its credentials are in no error', async () => {
    const { proxy } = await ways();
    proxy.refuses = { status: 407, body: `ada, ${password} is wrong; you sent ${credentials}` };
    const failure: Error = await read(baseUrl, proxy).then(
      () => Promise.reject(new Error('it was read')),
      (e) => e,
    );
    expect(failure.message).toContain('it wants other credentials');
    for (let at: unknown = failure; at instanceof Error; at = at.cause) {
      for (const form of [password, encodeURIComponent(password), Buffer.from(`ada:${password}`).toString('base64')]) {
        expect(`${at.message}${at.stack}${JSON.stringify(at)}`).not.toContain(form);
      }
    }
  });
});

test.each([
  ['https://source.test', 502, true],
  ['http://source.test', 407, true],
  ['http://source.test', 502, false],
])('%s refused with %i: nothing reached the source: %s', async (address, status, unsent) => {
  const { proxy } = await behindProxy();
  proxy.refuses = { status, headers: { 'Proxy-Status': 'corp; error=destination_unavailable' } };
  const { proxyFor } = readSettings({ HTTPS_PROXY: proxy.address, HTTP_PROXY: proxy.address });
  const limits = { bytes: 1000, timeoutMs: 10_000, idleMs: 10_000, proxyFor };
  const posting = exchange(new URL(address), {}, limits, testClock, new AbortController().signal, '{}');
  await expect(posting).rejects.toMatchObject({ unsent });
});

test('a source that echoes the proxy’s credentials does not get them into an error', async () => {
  const { proxy } = await behindProxy((_, response) => json(response, { error: `${password} ${credentials}` }, 400));
  const failure: Error = await read('http://source.test', proxy).then(
    () => Promise.reject(new Error('it was read')),
    (e) => e,
  );
  expect(failure.message).toContain('answered 400');
  expect(failure.message).not.toContain(password);
  expect(failure.message).not.toContain(encodeURIComponent(password));
});

describe.each(['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'])('the credentials in %s', (variable) => {
  const { proxyFor } = readSettings({ [variable]: `http://${credentials}@proxy.corp:3128` });
  const forms = [password, encodeURIComponent(password), Buffer.from(`ada:${password}`).toString('base64')];
  const echo: Responder = (_, response) => json(response, { error: forms.join(' ') }, 400);

  test('are in no error about a source that is reached without it', async () => {
    const source = await startSource(echo);
    atEnd(() => source.close());
    const failure = await readAll(testClient(source.baseUrl, {}, { proxyFor })).catch((error: Error) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining('answered 400') });
    for (const form of forms) expect(String(failure)).not.toContain(form);
  });

  test('are in no error about a token endpoint', async () => {
    const endpoint = await startSource(echo);
    atEnd(() => endpoint.close());
    const authorization = authorizationOf({
      connector: byPerson(endpoint.baseUrl),
      connection: { id: 'demo', settings: { baseUrl: endpoint.baseUrl }, timeZone: 'UTC' },
      secrets: { clientId: 'client', clientSecret: 'client-secret' },
      budget: openBudget(),
      proxyFor,
    });
    const journey = { redirectUri: 'https://example.com/back', state: 'state', verifier: 'v'.repeat(43) };
    const back = new URLSearchParams({ code: 'c0de', state: journey.state });
    const answer = JSON.stringify(await authorization?.redeem(journey, back));
    expect(answer).toContain('problem');
    for (const form of forms) expect(answer).not.toContain(form);
  });
});

/** A connector that a person authorizes. */
function byPerson(baseUrl: string) {
  return defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ clientId: z.string(), clientSecret: z.string() }),
    auth: {
      scheme: 'oauth2',
      grant: 'authorizationCode',
      tokenUrl: `${baseUrl}/token`,
      authorizationUrl: `${baseUrl}/authorize`,
      clientId: 'clientId',
      clientSecret: 'clientSecret',
    },
    entities: [testEntity()],
  });
}

test('a proxy that says nothing ends with the request’s patience, and the error names it', async () => {
  const silent = await startSource(() => undefined);
  atEnd(() => silent.close());
  await expect(
    read('http://source.test', { address: new URL(silent.baseUrl).host }, { idleMs: 200 }),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/no data arrived from the proxy 127\.0\.0\.1:\d+ for 200 ms/),
  });
});
