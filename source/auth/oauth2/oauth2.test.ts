import { json } from '../../../test/support/sources/httpSource';
import type { TokenSource } from '../../../test/support/sources/tokenSource';
import { oauthConnector } from '../../../test/support/tokenClients';
import { password, tokenWorld } from '../../../test/support/tokenWorld';

const world = tokenWorld();

describe('the request for a token', () => {
  test('by client credentials in the body, with scope, parameters and headers from the definition', async () => {
    const connector = oauthConnector({
      scope: 'a b',
      parameters: { audience: 'https://x' },
      headers: { 'X-Tenant': 't' },
    });
    expect(await (await world.worker({ connector })).read()).toBe(1);
    expect(Object.fromEntries(world.source.asked[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'the client',
      client_secret: 's3cret/of+client',
      scope: 'a b',
      audience: 'https://x',
    });
    expect(world.source.headers[0]).toMatchObject({
      'x-tenant': 't',
      'user-agent': 'tidemark',
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    });
    expect(world.source.proofs).toEqual([undefined]);
  });

  test('with HTTP Basic, whose secret is in no form', async () => {
    expect(await (await world.worker({ connector: oauthConnector({ clientAuth: 'basic' }) })).read()).toBe(1);
    expect(world.source.proofs[0]).toMatch(/^Basic /);
    expect(String(world.source.asked[0])).toBe('grant_type=client_credentials');
  });

  test('by name and password, and without a client where the connection has none', async () => {
    expect(await (await world.worker({ connector: password() })).read()).toBe(1);
    expect(Object.fromEntries(world.source.asked[0] ?? [])).toMatchObject({
      grant_type: 'password',
      username: 'ada@example.com',
      password: 'pass word&1',
      client_id: 'the client',
    });
    const bare = oauthConnector({
      ...{ grant: 'password', username: 'username', password: 'password' },
      ...{ clientId: undefined, clientSecret: undefined },
    });
    await world.db.raw('delete from tidemark.tokens');
    await expect((await world.worker({ connector: bare })).read()).rejects.toMatchObject({
      type: 'CredentialsRefused',
    });
    expect(world.source.asked[1]?.has('client_id')).toBe(false);
  });

  test('is made once for all workers, and again only when the token is due', async () => {
    const workers = await Promise.all([world.worker(), world.worker(), world.worker(), world.worker()]);
    expect(await Promise.all(workers.map((one) => one.read()))).toEqual([1, 1, 1, 1]);
    expect(world.source.asked).toHaveLength(1);
    // a minute before it expires
    await world.age(3600 - 59);
    expect(await (await world.worker()).read()).toBe(1);
    expect(world.source.asked).toHaveLength(2);
    expect(world.source.refused).toBe(0);
  });
});

describe('401', () => {
  test('ten at once, over four workers, cost one renewal', async () => {
    const workers = await Promise.all([world.worker(), world.worker(), world.worker(), world.worker()]);
    await Promise.all(workers.map((one) => one.read()));
    world.source.revoke();
    const all = workers.flatMap((one, index) => [one.read(), one.ask('7'), ...(index < 2 ? [one.read()] : [])]);
    expect(await Promise.all(all)).toHaveLength(10);
    expect(world.source.refused).toBe(10);
    expect(world.source.asked).toHaveLength(2);
  });

  test('that is not about the token costs one renewal, not one for each request', async () => {
    const one = await world.worker();
    await one.read();
    world.source.closed = true;
    for (let time = 0; time < 20; time++) {
      await expect(one.read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    }
    expect(world.source.asked).toHaveLength(2);
    // another minute, another try; and the connection is not condemned
    await world.age(61);
    await expect((await world.worker()).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(world.source.asked).toHaveLength(3);
    expect(await world.needs()).toBeNull();
  });

  test('of one record, while others succeed, costs one renewal a minute', async () => {
    const one = await world.worker();
    await one.read();
    for (let time = 0; time < 5; time++) {
      world.source.closed = true;
      await expect(one.ask('7')).rejects.toMatchObject({ type: 'CredentialsRefused' });
      world.source.closed = false;
      expect(await one.read()).toBe(1);
    }
    expect(world.source.asked).toHaveLength(2);
  });
});

test('no secret and no token is in any error, and the database holds nothing readable', async () => {
  world.source.refresh = 'rotating';
  const one = await world.worker({ connector: password() });
  await one.read();
  const token = /Bearer (\S+)/.exec(world.source.headers.at(-1)?.authorization ?? '')?.[1] ?? '';
  const { currentRefresh } = world.source;
  world.source.closed = true;
  const errors = [await one.read().catch(String)];
  await world.age(3600);
  const echo = (response: Parameters<TokenSource['instead'][number]>[0]) =>
    json(
      response,
      { error: 'invalid_scope', error_description: `${world.source.asked.at(-1)} ${world.source.proofs.at(-1)}` },
      400,
    );
  world.source.instead.push(echo);
  errors.push((await (await world.worker({ connector: password() })).read().catch(String)) as string);
  world.source.instead.push(echo);
  errors.push(
    (await (await world.worker({ connector: oauthConnector({ clientAuth: 'basic' }) })).read().catch(String)) as string,
  );
  const dump = JSON.stringify(
    (await world.db.raw('select t.*, encode(sealed, ?) as text from tidemark.tokens t', ['escape'])).rows,
  );
  for (const text of [...errors, dump]) {
    expect(String(text).length).toBeGreaterThan(20);
    for (const secret of [token, currentRefresh, ...Object.values(world.source.known)]) {
      expect(String(text)).not.toContain(secret);
      expect(String(text)).not.toContain(encodeURIComponent(secret));
    }
  }
});

test('a secret header goes with every request for data, not with one for a token', async () => {
  const connector = { ...oauthConnector(), secretHeaders: { 'ST-App-Key': 'appKey' } } as unknown as ReturnType<
    typeof oauthConnector
  >;
  await (await world.worker({ connector, secrets: { ...world.secrets(), appKey: 'the-app-key' } })).read();
  expect(world.source.requests).toEqual(['/token', '/people']);
  expect(world.source.headers.map((headers) => headers['st-app-key'])).toEqual([undefined, 'the-app-key']);
});
