import { credentialsChanged } from '../../../destination/connections/credentials';
import type { TokenStore } from '../../../schema/ports';
import { json } from '../../../test/support/sources/httpSource';
import { type OAuthClientOptions, oauthConnector } from '../../../test/support/tokenClients';
import { password, tokenWorld } from '../../../test/support/tokenWorld';

const world = tokenWorld();
const refreshing = () => oauthConnector({ grant: 'refreshToken', refreshToken: 'refreshToken' });

describe('refresh tokens', () => {
  const rotating = (options: Partial<OAuthClientOptions> = {}) =>
    world.worker({ connector: refreshing(), secrets: { ...world.secrets(), refreshToken: 'first' }, ...options });
  beforeEach(() => {
    world.source.refresh = 'rotating';
    world.source.currentRefresh = 'first';
  });

  test('each replaces the former one, and none is sent twice', async () => {
    for (let time = 0; time < 4; time++) {
      expect(await (await rotating()).read()).toBe(1);
      await world.age(3600);
    }
    expect(world.grants()).toEqual(Array(4).fill('refresh_token'));
    expect(new Set(world.source.asked.map((form) => form.get('refresh_token'))).size).toBe(4);
    expect(world.source.reused).toBe(false);
  });

  test('a response without one leaves the stored one in use', async () => {
    world.source.refresh = 'same';
    for (let time = 0; time < 3; time++) {
      expect(await (await rotating()).read()).toBe(1);
      await world.age(3600);
    }
    expect(world.source.asked.map((form) => form.get('refresh_token'))).toEqual(['first', 'first', 'first']);
  });

  test('a worker killed between the response and storing it: the next one says what was lost', async () => {
    const killed = await rotating({ around: (tokens) => ({ ...tokens, lease: leasing(tokens, { save: never }) }) });
    void killed.read().catch(() => undefined);
    await until(() => world.source.asked.length === 1 && world.source.currentRefresh !== 'first');
    await world.age(31);
    await expect((await rotating()).read()).rejects.toMatchObject({
      type: 'CredentialsRefused',
      message: expect.stringMatching(/needs credentials .* renewal of .* was lost/),
    });
    expect(world.source.asked).toHaveLength(2);
    expect(await world.needs()).toMatch(/invalid_grant.*was lost/);
    // it stops
    await expect((await rotating()).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(world.source.asked).toHaveLength(2);
  });

  test('a worker killed between storing and use costs nothing', async () => {
    const killed = await rotating({ around: (tokens) => ({ ...tokens, lease: leasing(tokens, { save: thenNever }) }) });
    void killed.read().catch(() => undefined);
    await until(async () => (await world.row())?.sealed != null);
    expect(await (await rotating()).read()).toBe(1);
    expect(world.source.asked).toHaveLength(1);
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
    await world.age(3600);
    expect(await (await rotating()).read()).toBe(1);
    expect(world.source.reused).toBe(false);
  });

  test('a token endpoint slower than the lease allows: no second request with the same refresh token', async () => {
    const [first, second] = [await rotating(), await rotating()];
    let release: () => void = () => undefined;
    world.source.beforeToken = () => new Promise((resolve) => (release = resolve));
    const reading = [first.read(), second.read()];
    await until(() => world.source.asked.length === 1);
    const lease = await world.row();
    // the request ends five seconds before the lease of 30 s, body included
    expect((lease.lease_until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(25_000);
    release();
    expect(await Promise.all(reading)).toEqual([1, 1]);
    expect(world.source.asked).toHaveLength(1);
  });

  test('two holders of one rotating grant: one refusal, then it stops', async () => {
    await (await rotating()).read();
    await world.age(3600);
    // a second installation, with a copy of the database, was faster
    world.source.currentRefresh = 'what the other holder has';
    await expect((await rotating()).read()).rejects.toMatchObject({
      type: 'CredentialsRefused',
      message: expect.stringMatching(/another system uses/),
    });
    expect(world.source.asked).toHaveLength(2);
    await expect((await rotating()).read()).rejects.toMatchObject({ type: 'CredentialsRefused' });
    expect(world.source.asked).toHaveLength(2);
  });

  test('a refusal about tokens that were replaced meanwhile condemns nothing', async () => {
    const late = await rotating();
    world.source.beforeToken = async () => undefined;
    world.source.instead.push((response) => {
      // while the response is under way, an operator gives other credentials
      void world.db
        .transaction((tx) => credentialsChanged(tx, world.id, { keepTokens: false }))
        .then(() => json(response, { error: 'invalid_grant' }, 400));
    });
    await expect(late.read()).rejects.toMatchObject({ type: 'SourceUnavailable', message: /credentials .* changed/ });
    expect(await world.needs()).toBeNull();
    expect(await (await rotating()).read()).toBe(1);
  });

  test('tokens of the former account are not stored over a change of credentials', async () => {
    const late = await rotating();
    world.source.beforeToken = async () => {
      await world.db.transaction((tx) => credentialsChanged(tx, world.id, { keepTokens: false }));
      world.source.beforeToken = async () => undefined;
    };
    await expect(late.read()).rejects.toMatchObject({ type: 'SourceUnavailable' });
    expect((await world.row()).sealed).toBeNull();
  });

  test('a new client secret leaves a renewal that is under way its tokens', async () => {
    const late = await rotating();
    world.source.beforeToken = async () => {
      await world.db.transaction((tx) => credentialsChanged(tx, world.id, { keepTokens: true }));
    };
    await expect(late.read()).rejects.toMatchObject({ type: 'SourceUnavailable' });
    expect(await (await rotating()).read()).toBe(1);
    expect(world.source.asked).toHaveLength(1);
  });
});

describe('a refused refresh token with a grant that stands alone', () => {
  test('is no verdict: the password is sent again', async () => {
    world.source.refresh = 'rotating';
    await (await world.worker({ connector: password() })).read();
    await world.age(3600);
    world.source.currentRefresh = 'used up by a job elsewhere';
    expect(await (await world.worker({ connector: password() })).read()).toBe(1);
    expect(world.grants()).toEqual(['password', 'refresh_token', 'password']);
    expect(await world.needs()).toBeNull();
  });

  test('a password that is refused marks the connection, once, and new ones resume it', async () => {
    world.source.known.password = 'changed';
    const secrets = { ...world.secrets(), password: 'former' };
    for (const _ of [1, 2, 3]) {
      await expect((await world.worker({ connector: password(), secrets })).read()).rejects.toMatchObject({
        type: 'CredentialsRefused',
      });
    }
    expect(world.source.asked).toHaveLength(1);
    expect(await world.needs()).toMatch(/answered 400 with the error 'invalid_grant'/);
    expect(await world.needs()).not.toMatch(/former|s3cret/);
    expect(await world.db.transaction((tx) => credentialsChanged(tx, world.id, { keepTokens: false }))).toBe(true);
    expect(await world.needs()).toBeNull();
    expect(await (await world.worker({ connector: password() })).read()).toBe(1);
  });
});

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
