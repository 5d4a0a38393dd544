import { inspect } from 'node:util';
import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { listAudit } from '../audit';
import { connectDatabase } from '../database/database';
import { createConnection } from './connections';
import { keyRing, loadSecrets, resealSecrets, saveSecrets } from './secrets';
import { createTokenStore } from './tokens';

const [former, present] = ['0f'.repeat(32), 'A7'.repeat(32)];
const secrets = { token: 'sk_live_1', webhookSecret: 'zwei\nGeheimnisse 🔑' };

let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
  for (const id of ['demo', 'other', 'bare']) await createConnection(db, { id, connector: 'church', settings: {} });
});
afterAll(() => db.destroy());

test('secrets come back as they were, and the database holds nothing readable', async () => {
  await saveSecrets(db, keyRing(former), 'demo', { token: 'first' });
  await saveSecrets(db, keyRing(former), 'demo', secrets);
  expect(await loadSecrets(db, keyRing(former), 'demo')).toEqual(secrets);
  expect(await loadSecrets(db, keyRing(former), 'bare')).toEqual({});
  const { rows } = await db.raw(
    'select key_id, encode(sealed, ?) as sealed, length(nonce) as nonce from tidemark.secrets',
    ['escape'],
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].nonce).toBe(12);
  expect(rows[0].sealed).not.toContain('sk_live_1');
});

test('a rotated key: the former opens until all is sealed again, then it can go', async () => {
  await saveSecrets(db, keyRing(former), 'demo', secrets);
  const both = keyRing(`${present}, ${former}`);
  expect(await loadSecrets(db, both, 'demo')).toEqual(secrets);
  const by = { actor: 'test', reason: 'a new year' };
  expect(await resealSecrets(db, both, by)).toEqual({ resealed: 1 });
  expect(await resealSecrets(db, both, by)).toEqual({ resealed: 0 });
  expect(await listAudit(db)).toEqual([
    expect.objectContaining({
      ...by,
      ...{ action: 'connections reseal', connectionId: 'demo' },
      details: { before: keyRing(former).sealingKeyId, after: both.sealingKeyId },
    }),
  ]);
  expect(await loadSecrets(db, keyRing(present), 'demo')).toEqual(secrets);
  await expect(loadSecrets(db, keyRing(former), 'demo')).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringContaining(both.sealingKeyId),
  });
});

test('tokens are sealed again with the secrets, and a renewal that is under way still stores what it brings', async () => {
  const both = keyRing(`${present}, ${former}`);
  const by = { actor: 'test', reason: 'a new year' };
  const store = (key: string) => createTokenStore(db, { connectionId: 'other', ring: keyRing(key), epoch: 1 });
  const { generation } = await store(former).read();
  const issued = { accessToken: 'access', refreshToken: 'refresh', expiresInMs: undefined };
  await (await store(former).lease(generation, { ms: 30_000, rotating: false }))?.save(issued);
  const underWay = await store(former).lease(generation + 1, { ms: 30_000, rotating: true });
  await resealSecrets(db, both, by);
  expect(await store(present).read()).toMatchObject({ accessToken: 'access', refreshToken: 'refresh' });
  await expect(store(former).read()).rejects.toMatchObject({ type: 'Usage' });
  expect(await underWay?.save({ ...issued, accessToken: 'next' })).toBe(true);
  expect(await store(former).read()).toMatchObject({ accessToken: 'next', refreshToken: 'refresh' });
  await db.raw(`delete from tidemark.tokens`);
  await db.raw(`delete from tidemark.secrets where connection_id = 'other'`);
});

test('sealed secrets that were changed, or moved to another connection, do not open', async () => {
  const ring = keyRing(present);
  await saveSecrets(db, ring, 'demo', secrets);
  await db.raw(`insert into tidemark.secrets (connection_id, key_id, nonce, sealed)
    select 'other', key_id, nonce, sealed from tidemark.secrets where connection_id = 'demo'
    on conflict (connection_id) do update set nonce = excluded.nonce, sealed = excluded.sealed`);
  await expect(loadSecrets(db, ring, 'other')).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringContaining(`'other'`),
  });
  await db.raw(
    `update tidemark.secrets set sealed = set_byte(sealed, 0, (get_byte(sealed, 0) + 1) % 256) where connection_id = 'demo'`,
  );
  await expect(loadSecrets(db, ring, 'demo')).rejects.toMatchObject({ type: 'Usage' });
  await db.raw(`delete from tidemark.secrets where connection_id = 'other'`);
});

test.each([
  ['emptied', `sealed = ''`],
  ['cut', `sealed = substring(sealed from 1 for 8)`],
  ['cut to its tag', `sealed = substring(sealed from length(sealed) - 15)`],
  ['without a nonce', `nonce = ''`],
  ['with another nonce', `nonce = nonce || nonce`],
])('sealed secrets that were %s are refused with what to do', async (_how, change) => {
  const ring = keyRing(present);
  await saveSecrets(db, ring, 'demo', secrets);
  await db.raw(`update tidemark.secrets set ${change} where connection_id = 'demo'`);
  await expect(loadSecrets(db, ring, 'demo')).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringMatching(/connection 'demo' do not open .* Give them again with 'tidemark connect'/),
  });
});

test.each([undefined, '', 'short', `${present},`, `${present},${former.slice(1)}`, 'g'.repeat(64)])(
  'no key: %p',
  (text) => {
    let error: unknown;
    try {
      keyRing(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ type: 'Usage', message: expect.stringContaining('OAUTH_ENCRYPTION_KEY') });
    expect((error as Error).message).not.toMatch(/[0-9a-f]{20}|short/i);
  },
);

test('a key ring shows no key, whoever prints it', () => {
  const shown = inspect(keyRing(former), { depth: 9, showHidden: true }) + JSON.stringify(keyRing(former));
  expect(shown).not.toMatch(/(0f){4}/);
});
