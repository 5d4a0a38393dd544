import type { Knex } from 'knex';
import { createConnection } from '../../../destination/connections/connections';
import { credentialsChanged } from '../../../destination/connections/credentials';
import { connectDatabase } from '../../../destination/database/database';
import type { TokenStore } from '../../../schema/ports';
import { testDatabase } from '../../../test/environment';
import { json } from '../../../test/support/httpSource';
import {
  type OAuthClient,
  type OAuthClientOptions,
  oauthClient,
  oauthConnector,
} from '../../../test/support/tokenClients';
import { startTokenSource, type TokenSource } from '../../../test/support/tokenSource';

let db: Knex;
let source: TokenSource;
let connections = 0;
let id = '';
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
beforeEach(async () => {
  source = await startTokenSource();
  id = `demo-${++connections}`;
  await createConnection(db, { id, connector: 'acme', settings: { baseUrl: source.baseUrl } });
});
afterEach(() => source.close());
afterAll(() => db.destroy());

const secretsOf = ({ known }: TokenSource) => ({ ...known });
const worker = (options: Partial<OAuthClientOptions> = {}): Promise<OAuthClient> =>
  oauthClient(db, id, {
    connector: oauthConnector(),
    secrets: secretsOf(source),
    baseUrl: source.baseUrl,
    ...options,
  });
const password = () => oauthConnector({ grant: 'password', username: 'username', password: 'password' });
const refreshing = () => oauthConnector({ grant: 'refreshToken', refreshToken: 'refreshToken' });
const grants = () => source.asked.map((form) => form.get('grant_type'));
const row = async () => (await db.raw('select * from tidemark.tokens where connection_id = ?', [id])).rows[0];
const needs = async () =>
  (await db.raw('select needs_credentials_because as because from tidemark.connections where id = ?', [id])).rows[0]
    .because as string | null;
/** Makes what is stored look older: the tests wait for nothing. */
const age = (seconds: number) =>
  db.raw(
    `update tidemark.tokens set issued_at = issued_at - ? * interval '1 second', expires_at = expires_at - ? * interval '1 second',
       refused_at = refused_at - ? * interval '1 second', lease_until = lease_until - ? * interval '1 second'
     where connection_id = ?`,
    [seconds, seconds, seconds, seconds, id],
  );

describe('the request for a token', () => {
  test('by client credentials in the body, with scope, parameters and headers from the definition', async () => {
    const connector = oauthConnector({
      scope: 'a b',
      parameters: { audience: 'https://x' },
      headers: { 'X-Tenant': 't' },
    });
    expect(await (await worker({ connector })).read()).toBe(1);
    expect(Object.fromEntries(source.asked[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'the client',
      client_secret: 's3cret/of+client',
      scope: 'a b',
      audience: 'https://x',
    });
    expect(source.headers[0]).toMatchObject({
      'x-tenant': 't',
      'user-agent': 'tidemark',
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    });
    expect(source.proofs).toEqual([undefined]);
  });

  test('with HTTP Basic, whose secret is in no form', async () => {
    expect(await (await worker({ connector: oauthConnector({ clientAuth: 'basic' }) })).read()).toBe(1);
    expect(source.proofs[0]).toMatch(/^Basic /);
    expect(String(source.asked[0])).toBe('grant_type=client_credentials');
  });

  test('by name and password, and without a client where the connection has none', async () => {
    expect(await (await worker({ connector: password() })).read()).toBe(1);
    expect(Object.fromEntries(source.asked[0] ?? [])).toMatchObject({
      grant_type: 'password',
      username: 'ada@example.com',
      password: 'pass word&1',
      client_id: 'the client',
    });
    const bare = oauthConnector({
      ...{ grant: 'password', username: 'username', password: 'password' },
      ...{ clientId: undefined, clientSecret: undefined },
    });
    await db.raw('delete from tidemark.tokens');
    await expect((await worker({ connector: bare })).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(source.asked[1]?.has('client_id')).toBe(false);
  });

  test('is made once for all workers, and again only when the token is due', async () => {
    const workers = await Promise.all([worker(), worker(), worker(), worker()]);
    expect(await Promise.all(workers.map((one) => one.read()))).toEqual([1, 1, 1, 1]);
    expect(source.asked).toHaveLength(1);
    // a minute before it expires
    await age(3600 - 59);
    expect(await (await worker()).read()).toBe(1);
    expect(source.asked).toHaveLength(2);
    expect(source.refused).toBe(0);
  });
});

describe('401', () => {
  test('ten at once, over four workers, cost one renewal', async () => {
    const workers = await Promise.all([worker(), worker(), worker(), worker()]);
    await Promise.all(workers.map((one) => one.read()));
    source.revoke();
    const all = workers.flatMap((one, index) => [one.read(), one.ask('7'), ...(index < 2 ? [one.read()] : [])]);
    expect(await Promise.all(all)).toHaveLength(10);
    expect(source.refused).toBe(10);
    expect(source.asked).toHaveLength(2);
  });

  test('that is not about the token costs one renewal, not one for each request', async () => {
    const one = await worker();
    await one.read();
    source.closed = true;
    for (let time = 0; time < 20; time++) {
      await expect(one.read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    }
    expect(source.asked).toHaveLength(2);
    // another minute, another try; and the connection is not condemned
    await age(61);
    await expect((await worker()).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(source.asked).toHaveLength(3);
    expect(await needs()).toBeNull();
  });

  test('of one record, while others succeed, costs one renewal a minute', async () => {
    const one = await worker();
    await one.read();
    for (let time = 0; time < 5; time++) {
      source.closed = true;
      await expect(one.ask('7')).rejects.toMatchObject({ type: 'CredentialsRefused' });
      source.closed = false;
      expect(await one.read()).toBe(1);
    }
    expect(source.asked).toHaveLength(2);
  });
});

describe('refresh tokens', () => {
  const rotating = (options: Partial<OAuthClientOptions> = {}) =>
    worker({ connector: refreshing(), secrets: { ...secretsOf(source), refreshToken: 'first' }, ...options });
  beforeEach(() => {
    source.refresh = 'rotating';
    source.currentRefresh = 'first';
  });

  test('each replaces the former one, and none is sent twice', async () => {
    for (let time = 0; time < 4; time++) {
      expect(await (await rotating()).read()).toBe(1);
      await age(3600);
    }
    expect(grants()).toEqual(Array(4).fill('refresh_token'));
    expect(new Set(source.asked.map((form) => form.get('refresh_token'))).size).toBe(4);
    expect(source.reused).toBe(false);
  });

  test('a response without one leaves the stored one in use', async () => {
    source.refresh = 'same';
    for (let time = 0; time < 3; time++) {
      expect(await (await rotating()).read()).toBe(1);
      await age(3600);
    }
    expect(source.asked.map((form) => form.get('refresh_token'))).toEqual(['first', 'first', 'first']);
  });

  test('a worker killed between the response and storing it: the next one says what was lost', async () => {
    const killed = await rotating({ around: (tokens) => ({ ...tokens, lease: leasing(tokens, { save: never }) }) });
    void killed.read().catch(() => undefined);
    await until(() => source.asked.length === 1 && source.currentRefresh !== 'first');
    await age(31);
    await expect((await rotating()).read()).rejects.toMatchObject({
      type: 'CredentialsRefused',
      message: expect.stringMatching(/needs credentials .* renewal of .* was lost/),
    });
    expect(source.asked).toHaveLength(2);
    expect(await needs()).toMatch(/invalid_grant.*was lost/);
    // it stops
    await expect((await rotating()).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(source.asked).toHaveLength(2);
  });

  test('a worker killed between storing and use costs nothing', async () => {
    const killed = await rotating({ around: (tokens) => ({ ...tokens, lease: leasing(tokens, { save: thenNever }) }) });
    void killed.read().catch(() => undefined);
    await until(async () => (await row())?.sealed != null);
    expect(await (await rotating()).read()).toBe(1);
    expect(source.asked).toHaveLength(1);
  });

  test('storing that fails for a while is tried again', async () => {
    let failures = 0;
    const failing = await rotating({
      around: (tokens) => ({
        ...tokens,
        lease: leasing(tokens, {
          save: (save) => async (issued) => {
            if (++failures < 4) throw new Error('the database is away');
            return save(issued);
          },
        }),
      }),
    });
    expect(await failing.read()).toBe(1);
    await age(3600);
    expect(await (await rotating()).read()).toBe(1);
    expect(source.reused).toBe(false);
  });

  test('a token endpoint slower than the lease allows: no second request with the same refresh token', async () => {
    const [first, second] = [await rotating(), await rotating()];
    let release: () => void = () => undefined;
    source.beforeToken = () => new Promise((resolve) => (release = resolve));
    const reading = [first.read(), second.read()];
    await until(() => source.asked.length === 1);
    const lease = await row();
    // the request ends five seconds before the lease of 30 s, body included
    expect(lease.lease_until.getTime() - Date.now()).toBeGreaterThan(25_000);
    release();
    expect(await Promise.all(reading)).toEqual([1, 1]);
    expect(source.asked).toHaveLength(1);
  });

  test('two holders of one rotating grant: one refusal, then it stops', async () => {
    await (await rotating()).read();
    await age(3600);
    // a second installation, with a copy of the database, was faster
    source.currentRefresh = 'what the other holder has';
    await expect((await rotating()).read()).rejects.toMatchObject({
      type: 'CredentialsRefused',
      message: expect.stringMatching(/another system uses/),
    });
    expect(source.asked).toHaveLength(2);
    await expect((await rotating()).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(source.asked).toHaveLength(2);
  });

  test('a refusal about tokens that were replaced meanwhile condemns nothing', async () => {
    const late = await rotating();
    source.beforeToken = async () => undefined;
    source.instead.push((response) => {
      // while the response is under way, an operator gives other credentials
      void db
        .transaction((tx) => credentialsChanged(tx, id, { keepTokens: false }))
        .then(() => json(response, { error: 'invalid_grant' }, 400));
    });
    await expect(late.read()).rejects.toMatchObject({ type: 'SourceUnavailable', message: /credentials .* changed/ });
    expect(await needs()).toBeNull();
    expect(await (await rotating()).read()).toBe(1);
  });

  test('tokens of the former account are not stored over a change of credentials', async () => {
    const late = await rotating();
    source.beforeToken = async () => {
      await db.transaction((tx) => credentialsChanged(tx, id, { keepTokens: false }));
      source.beforeToken = async () => undefined;
    };
    await expect(late.read()).rejects.toMatchObject({ type: 'SourceUnavailable' });
    expect((await row()).sealed).toBeNull();
  });

  test('a new client secret leaves a renewal that is under way its tokens', async () => {
    const late = await rotating();
    source.beforeToken = async () => {
      await db.transaction((tx) => credentialsChanged(tx, id, { keepTokens: true }));
    };
    await expect(late.read()).rejects.toMatchObject({ type: 'SourceUnavailable' });
    expect(await (await rotating()).read()).toBe(1);
    expect(source.asked).toHaveLength(1);
  });
});

describe('a refused refresh token with a grant that stands alone', () => {
  test('is no verdict: the password is sent again', async () => {
    source.refresh = 'rotating';
    await (await worker({ connector: password() })).read();
    await age(3600);
    source.currentRefresh = 'used up by a job elsewhere';
    expect(await (await worker({ connector: password() })).read()).toBe(1);
    expect(grants()).toEqual(['password', 'refresh_token', 'password']);
    expect(await needs()).toBeNull();
  });

  test('a password that is refused marks the connection, once, and new ones resume it', async () => {
    source.known.password = 'changed';
    const secrets = { ...secretsOf(source), password: 'former' };
    for (const _ of [1, 2, 3]) {
      await expect((await worker({ connector: password(), secrets })).read()).rejects.toMatchObject({
        type: 'CredentialsRefused',
      });
    }
    expect(source.asked).toHaveLength(1);
    expect(await needs()).toMatch(/answered 400 with the error 'invalid_grant'/);
    expect(await needs()).not.toMatch(/former|s3cret/);
    expect(await db.transaction((tx) => credentialsChanged(tx, id, { keepTokens: false }))).toBe(true);
    expect(await needs()).toBeNull();
    expect(await (await worker({ connector: password() })).read()).toBe(1);
  });
});

describe('a token endpoint that', () => {
  const cases: [string, (response: Parameters<TokenSource['instead'][number]>[0]) => void, string, RegExp][] = [
    ['answers 500', (response) => json(response, { oops: true }, 500), 'SourceUnavailable', /answered 500/],
    ['answers a web page', (response) => html(response, 200), 'ContractBroken', /200 with a web page/],
    ['answers a web page with 503', (response) => html(response, 503), 'SourceUnavailable', /answered 503/],
    [
      'answers 200 with an error',
      (r) => json(r, { error: 'invalid_scope' }),
      'ContractBroken',
      /error 'invalid_scope'/,
    ],
    ['answers no token', (r) => json(r, { token: 'leak-7' }), 'ContractBroken', /no token.*fields are token/],
    ['redirects', (r) => json(r, '', 302, { Location: 'https://evil.example/' }), 'ContractBroken', /answered 302/],
    ['breaks off', (response) => void response.destroy(), 'SourceUnavailable', /failed/],
    ['answers 401', (response) => json(response, 'who?', 401), 'CredentialsRefused', /answered 401/],
    ['cuts its body', (r) => json(r, '{"access_token":"leak-7'), 'ContractBroken', /no JSON object/],
    ['says wait', (r) => json(r, '', 429, { 'Retry-After': '77' }), 'SourceAsksToWait', /retries in 77 s/],
    ['issues what no header can hold', (r) => json(r, { access_token: 'leak-7 ü' }), 'ContractBroken', /no header/],
  ];

  test.each(cases)('%s fails the request with a sentence, and marks nothing', async (_, instead, type, message) => {
    source.instead.push(instead);
    const failing = await worker();
    await expect(failing.read()).rejects.toMatchObject({ type, message: expect.stringMatching(message) });
    await expect(failing.read()).resolves.toBe(1);
    expect(await needs()).toBeNull();
    expect((await row()).lease_until).toBeNull();
  });

  test('says wait stops all workers', async () => {
    source.instead.push((response) => json(response, '', 429, { 'Retry-After': '77' }));
    const failing = await worker();
    await expect(failing.read()).rejects.toMatchObject({ retryAfterMs: 77_000 });
    expect(failing.budget.blocked).toEqual([77_000]);
  });

  test.each<[unknown, number | null]>([
    ['3600', 3600],
    [3600.5, 3600.5],
    [undefined, null],
    [null, null],
    ['soon', null],
    [0, null],
    [-5, null],
    [1e300, 10 * 365 * 86_400],
  ])('says that a token lives for %p seconds', async (expiresIn, seconds) => {
    source.expiresIn = expiresIn;
    expect(await (await worker()).read()).toBe(1);
    const { issued_at: issued, expires_at: expires } = await row();
    if (seconds === null) expect(expires).toBeNull();
    else expect(Math.abs((expires.getTime() - issued.getTime()) / 1000 - seconds)).toBeLessThan(5);
    expect(await (await worker()).read()).toBe(1);
    expect(source.asked).toHaveLength(1);
  });

  test('fails while the token is still valid: it is used until it expires', async () => {
    await (await worker()).read();
    await age(3600 - 30);
    source.instead.push((response) => json(response, {}, 503));
    expect(await (await worker()).read()).toBe(1);
    expect(source.asked).toHaveLength(2);
  });
});

test('no secret and no token is in any error, and the database holds nothing readable', async () => {
  source.refresh = 'rotating';
  const one = await worker({ connector: password() });
  await one.read();
  const token = /Bearer (\S+)/.exec(source.headers.at(-1)?.authorization ?? '')?.[1] ?? '';
  const { currentRefresh } = source;
  source.closed = true;
  const errors = [await one.read().catch(String)];
  await age(3600);
  const echo = (response: Parameters<TokenSource['instead'][number]>[0]) =>
    json(
      response,
      { error: 'invalid_scope', error_description: `${source.asked.at(-1)} ${source.proofs.at(-1)}` },
      400,
    );
  source.instead.push(echo);
  errors.push((await (await worker({ connector: password() })).read().catch(String)) as string);
  source.instead.push(echo);
  errors.push(
    (await (await worker({ connector: oauthConnector({ clientAuth: 'basic' }) })).read().catch(String)) as string,
  );
  const dump = JSON.stringify(
    (await db.raw('select t.*, encode(sealed, ?) as text from tidemark.tokens t', ['escape'])).rows,
  );
  for (const text of [...errors, dump]) {
    expect(String(text).length).toBeGreaterThan(20);
    for (const secret of [token, currentRefresh, ...Object.values(source.known)]) {
      expect(String(text)).not.toContain(secret);
      expect(String(text)).not.toContain(encodeURIComponent(secret));
    }
  }
});

test('a secret header goes with every request for data, not with one for a token', async () => {
  const connector = { ...oauthConnector(), secretHeaders: { 'ST-App-Key': 'appKey' } } as unknown as ReturnType<
    typeof oauthConnector
  >;
  await (await worker({ connector, secrets: { ...secretsOf(source), appKey: 'the-app-key' } })).read();
  expect(source.requests).toEqual(['/token', '/people']);
  expect(source.headers.map((headers) => headers['st-app-key'])).toEqual([undefined, 'the-app-key']);
});

function html(response: Parameters<TokenSource['instead'][number]>[0], status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/html' }).end('<html><body>Sign in</body></html>');
}

const never = () => () => new Promise<boolean>(() => undefined);
const thenNever =
  (save: Save): Save =>
  async (issued) => {
    await save(issued);
    return await new Promise<boolean>(() => undefined);
  };

type Lease = NonNullable<Awaited<ReturnType<TokenStore['lease']>>>;
type Save = Lease['save'];

function leasing(tokens: TokenStore, { save }: { readonly save: (save: Save) => Save }): TokenStore['lease'] {
  return async (...given) => {
    const lease = await tokens.lease(...given);
    return lease && { ...lease, save: save(lease.save.bind(lease)) };
  };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
