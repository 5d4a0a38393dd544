import type { Knex } from 'knex';
import { createConnection } from '../../../destination/connections/connections';
import { connectDatabase } from '../../../destination/database/database';
import { testDatabase } from '../../../test/environment';
import { type AuthServer, startAuthServer } from '../../../test/support/authServers/start';
import { oauthClient, oauthConnector } from '../../../test/support/tokenClients';

let db: Knex;
let server: AuthServer;
let connections = 0;
let id = '';
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
beforeEach(async () => {
  id = `demo-${++connections}`;
  await createConnection(db, { id, connector: 'acme', settings: { baseUrl: server.baseUrl } });
});
afterAll(() => db.destroy());

const client = (auth: Record<string, unknown>, secrets: Record<string, string>) =>
  oauthClient(db, id, {
    connector: oauthConnector({ tokenUrl: '{baseUrl}/token', ...auth }),
    secrets,
    baseUrl: server.baseUrl,
  });
const generation = async () =>
  (await db.raw('select generation from tidemark.tokens where connection_id = ?', [id])).rows[0].generation as number;
const expire = () =>
  db.raw(
    `update tidemark.tokens set expires_at = clock_timestamp(), issued_at = issued_at - interval '1 hour' where connection_id = ?`,
    [id],
  );
const needs = async () =>
  (await db.raw('select needs_credentials_because as because from tidemark.connections where id = ?', [id])).rows[0]
    .because as string | null;

describe('oidc-provider', () => {
  beforeAll(async () => {
    server = await startAuthServer('oidcProvider');
  });
  afterAll(() => server.stop());
  const secret = 'a-secret+of/the client';
  const firstRefreshToken = async () => {
    const response = await fetch(`${server.baseUrl}/first-refresh-token`);
    return ((await response.json()) as { token: string }).token;
  };
  const refreshing = (refreshToken: string) =>
    client(
      { grant: 'refreshToken', refreshToken: 'refreshToken', clientAuth: 'basic' },
      { clientId: 'tidemark', clientSecret: secret, refreshToken },
    );

  test.each([
    ['basic', 'tidemark'],
    ['body', 'by-body'],
  ])('client credentials by %s', async (clientAuth, clientId) => {
    const one = await client({ clientAuth }, { clientId, clientSecret: secret });
    expect(await one.read()).toBe(1);
    expect(await one.read()).toBe(1);
    expect(await generation()).toBe(2);
  });

  test('a wrong client secret marks the connection', async () => {
    const wrong = await client({ clientAuth: 'basic' }, { clientId: 'tidemark', clientSecret: 'not this one' });
    await expect(wrong.read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(await needs()).toMatch(/answered 401 with the error 'invalid_client'/);
  });

  test('refresh tokens rotate, and none is used twice', async () => {
    const first = await firstRefreshToken();
    for (let time = 0; time < 4; time++) {
      expect(await (await refreshing(first)).read()).toBe(1);
      await expire();
    }
    expect(await generation()).toBe(5);
    expect(await needs()).toBeNull();
  });

  test('two installations with one rotating grant: the reuse is detected, and both stop after one refusal', async () => {
    const first = await firstRefreshToken();
    expect(await (await refreshing(first)).read()).toBe(1);
    const other = id;
    id = `${id}-copy`;
    await createConnection(db, { id, connector: 'acme', settings: { baseUrl: server.baseUrl } });
    // the copy begins with what the first has used up
    await expect((await refreshing(first)).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(await needs()).toMatch(/invalid_grant.*another system uses/);
    id = other;
    await expire();
    await expect((await refreshing(first)).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(await needs()).toMatch(/invalid_grant/);
  });
});

describe('oauth2-mock-server', () => {
  beforeAll(async () => {
    server = await startAuthServer('mockServer');
  });
  afterAll(() => server.stop());
  const secrets = { clientId: 'c', clientSecret: 's3cret', username: 'ada', password: 'pass' };
  const mock = (as?: string) =>
    client(
      {
        grant: 'password',
        username: 'username',
        password: 'password',
        clientAuth: 'basic',
        tokenUrl: `${server.issuer}/token`,
        ...(as === undefined ? {} : { parameters: { as } }),
      },
      secrets,
    );

  test.each([undefined, 'text-lifetime', 'no-lifetime', 'no-refresh-token'])(
    'a password gets a token, and another one after a 401: %s',
    async (as) => {
      const one = await mock(as);
      expect(await one.read()).toBe(1);
      await fetch(`${server.baseUrl}/revoke`);
      expect(await one.read()).toBe(1);
      expect(await generation()).toBe(3);
    },
  );

  test('an error behind 200 is an error', async () => {
    await expect((await mock('error-with-200')).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(await needs()).toMatch(/answered 200 with the error 'invalid_grant'/);
  });
});
