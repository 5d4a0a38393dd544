import { Writable } from 'node:stream';
import type { Knex } from 'knex';
import { createConnection } from '../../destination/connections/connections';
import { saveSecrets } from '../../destination/connections/secrets';
import { connectDatabase } from '../../destination/database/database';
import type { Connector } from '../../schema/definition/connector';
import { createLogger } from '../../telemetry/logger';
import { testDatabase, testTemporal } from '../../test/environment';
import { type AuthServer, signIn, startAuthServer } from '../../test/support/authServers/start';
import { oauthClient, oauthConnector, testRing } from '../../test/support/tokenClients';
import { linkConnection } from '../operations/connections/linkConnection';
import { changeConnection, makeConnection } from '../operations/connections/saveConnection';
import { readyContext } from '../operations/definition/context';
import { createApp } from './app';
import { connectRoutes } from './connectRoutes';

const by = { actor: 'test', reason: 'a new customer' };
const clientSecret = 'a-secret+of/the client';
let db: Knex;
let provider: AuthServer;
let connector: Connector;
let server = '';
let logged = '';
let connections = 0;
let id = '';
let context: ReturnType<typeof readyContext>;
const log = new Writable({
  write: (chunk, _encoding, done) => {
    logged += String(chunk);
    done();
  },
});
const app = createApp(createLogger('debug', log));

beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
  const { client } = await testTemporal();
  const connectors: Connector[] = [];
  await connectRoutes(app, { db, client, connectors, ring: testRing, log: app.log, requestsPerMinute: 1_000 });
  server = await app.listen({ host: '127.0.0.1', port: 0 });
  provider = await startAuthServer('oidcProvider', `${server}/connect/callback`);
  connector = oauthConnector({
    grant: 'authorizationCode',
    clientAuth: 'basic',
    authorizationUrl: '{baseUrl}/auth',
    authorizationParameters: { prompt: 'consent' },
    issuer: provider.issuer,
    scope: 'openid offline_access',
  });
  connectors.push(connector);
  context = readyContext({ db, connectors, client, ring: testRing });
});
beforeEach(async () => {
  id = `demo-${++connections}`;
  const secrets = { clientId: 'tidemark', clientSecret };
  await makeConnection(
    context,
    { connection: id, connector: 'acme', settings: { baseUrl: provider.baseUrl }, secrets },
    by,
  );
});
afterAll(async () => {
  await app.close();
  await provider.stop();
  await db.destroy();
});

const link = () => linkConnection(context, { connection: id, server }, by);
const visit = (url: string, cookie = '') => fetch(url, { redirect: 'manual', headers: { cookie } });
const row = async () => (await db.raw('select * from tidemark.tokens where connection_id = ?', [id])).rows[0];
const needs = async () =>
  (await db.raw('select needs_credentials_because as because from tidemark.connections where id = ?', [id])).rows[0]
    .because as string | null;
/** Leaves for the source as a browser does: what the source is asked, and the browser's cookie. */
async function leave(url: string) {
  const response = await visit(`${url}/start`);
  const address = new URL(response.headers.get('location') ?? '');
  return { response, address, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

test('a person signs in with a browser, and the connection is served', async () => {
  expect(await needs()).toMatch(/no person has signed in/);
  const made = await link();
  const { visited, text } = await signIn(made.url);
  expect(text).toMatch(/Connected/);
  expect(visited.at(-1)).toContain('/connect/callback?');
  expect(await needs()).toBeNull();
  const one = await oauthClient(db, id, {
    connector,
    secrets: { clientId: 'tidemark', clientSecret },
    baseUrl: provider.baseUrl,
  });
  expect(await one.read()).toBe(1);
  await db.raw(`update tidemark.tokens set expires_at = clock_timestamp()`);
  const later = await oauthClient(db, id, {
    connector,
    secrets: { clientId: 'tidemark', clientSecret },
    baseUrl: provider.baseUrl,
  });
  expect(await later.read()).toBe(1);
  // once
  expect((await visit(made.url)).status).toBe(404);
  expect((await visit(visited.at(-1) ?? '')).status).toBe(400);
  for (const secret of [made.url.split('/').at(-1) ?? '', clientSecret]) expect(logged).not.toContain(secret);
  expect(logged).toContain('/connect/[page]');
}, 60_000);

test('leads to the source that the definition names, with PKCE, a state and the exact address to come back to', async () => {
  const { url, redirectUri } = await link();
  const { response, address } = await leave(url);
  expect(response.status).toBe(302);
  expect(address.origin + address.pathname).toBe(`${provider.baseUrl}/auth`);
  expect(Object.fromEntries(address.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: 'tidemark',
    redirect_uri: redirectUri,
    code_challenge_method: 'S256',
    scope: 'openid offline_access',
    prompt: 'consent',
  });
  expect(address.searchParams.get('state')?.length).toBeGreaterThan(40);
  expect(response.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
});

test('the page loads nothing, sends its address to no other site, and shows no markup of a name', async () => {
  const response = await visit((await link()).url);
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.text()).toContain(`connection ${id} (acme)`);
});

test('another browser cannot end what one began, and nothing is stored', async () => {
  const { address } = await leave((await link()).url);
  const callback = `${server}/connect/callback?code=stolen&state=${address.searchParams.get('state')}`;
  expect((await visit(callback)).status).toBe(400);
  expect((await visit(callback, 'tidemark_connect=guessed')).status).toBe(400);
  expect(await row()).toBeUndefined();
});

test('of two requests with one code, one is sent on', async () => {
  const { address, cookie } = await leave((await link()).url);
  const callback = `${server}/connect/callback?code=made-up&iss=${encodeURIComponent(provider.issuer)}&state=${address.searchParams.get('state')}`;
  const statuses = (await Promise.all([visit(callback, cookie), visit(callback, cookie)])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([400, 502]);
  expect(await needs()).toMatch(/no person has signed in/);
});

test('a response of another issuer is refused before its code is sent anywhere', async () => {
  const { address, cookie } = await leave((await link()).url);
  const state = address.searchParams.get('state');
  const response = await visit(`${server}/connect/callback?code=c&iss=https://evil.example&state=${state}`, cookie);
  expect(response.status).toBe(502);
  expect(logged).toMatch(/unexpected .*iss/);
});

test('a person who declines can use the page again', async () => {
  const { url } = await link();
  const { address, cookie } = await leave(url);
  const response = await visit(
    `${server}/connect/callback?error=access_denied&state=${address.searchParams.get('state')}`,
    cookie,
  );
  expect(await response.text()).toContain('access_denied');
  expect((await visit(url)).status).toBe(200);
});

test('a page expires, and a later one replaces it', async () => {
  const first = await link();
  const second = await link();
  expect((await visit(first.url)).status).toBe(404);
  expect((await visit(second.url)).status).toBe(200);
  await db.raw('update tidemark.authorization_links set expires_at = clock_timestamp()');
  expect((await visit(second.url)).status).toBe(404);
  expect((await visit(`${second.url}/start`)).status).toBe(404);
});

test('a connector that no person authorizes has no page', async () => {
  const other = `${id}-other`;
  await createConnection(db, { id: other, connector: 'acme', settings: { baseUrl: provider.baseUrl } });
  await saveSecrets(db, testRing, other, {});
  const plain = readyContext({ db, connectors: [oauthConnector()], client: await context.client(), ring: testRing });
  await expect(linkConnection(plain, { connection: other, server }, by)).rejects.toMatchObject({ type: 'Usage' });
});

test('another client id needs another consent; another client secret does not', async () => {
  await signIn((await link()).url);
  expect(await needs()).toBeNull();
  await changeConnection(context, { connection: id, secrets: { clientSecret } }, by);
  expect(await needs()).toBeNull();
  expect((await row()).sealed).not.toBeNull();
  await changeConnection(context, { connection: id, secrets: { clientId: 'tidemark' } }, by);
  expect(await needs()).toMatch(/no person has signed in/);
  expect((await row()).sealed).toBeNull();
}, 60_000);
