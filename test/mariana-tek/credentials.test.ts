import { coloursFor } from '../../clients/cli/terminal/shell';
import { checkedText } from '../../clients/cli/text/parts/checkedText';
import { checkConnection } from '../../clients/operations/connections/checkConnection';
import { changeConnection, makeConnection } from '../../clients/operations/connections/saveConnection';
import { readyContext } from '../../clients/operations/definition/context';
import { ring } from '../support/engine';
import { byKey, byPassword, type Studio, startStudio } from './studio';

/** How a brand lets the engine in, and when wrong credentials are seen. */

jest.setTimeout(120_000);
const by = { actor: 'test', reason: 'a test' };
let studio: Studio;
const context = () => {
  const { db, temporal, connector } = studio.engine;
  return readyContext({
    db,
    client: temporal.client,
    connectors: [connector],
    ring,
    taskQueue: studio.engine.taskQueue,
  });
};
const tokens = () => studio.control.logSummary().byPath['/o/token/'] ?? 0;

beforeAll(async () => {
  studio = await startStudio({ customers: 20, bookings: 70 });
});
beforeEach(() => studio.control.clearLog());

async function made(id: string, secrets: Record<string, string>, brand: 'harbour' | 'summit' = 'harbour') {
  const settings = { baseUrl: studio.simulator.urls[brand] };
  await makeConnection(context(), { connection: id, connector: 'mariana_tek', settings, secrets } as never, by);
  return checkConnection(context(), { connection: id, wait: 40 });
}

test('user name and password suffice, and the check shows which way is in use', async () => {
  const checked = await made('by-password', byPassword);
  expect([checked.ok, checked.auth]).toEqual([true, 'oauth2 password']);
  expect(checkedText(coloursFor(process.stderr, { NO_COLOR: '1' }), checked)).toContain('(oauth2 password)');
  // one token for the lists of all entities
  expect(tokens()).toBe(1);
});

test('a key suffices too, and asks for no token', async () => {
  expect(await made('by-key', byKey)).toMatchObject({ ok: true, auth: 'bearer' });
  expect(tokens()).toBe(0);
});

test('a connection with half of each is refused with what is missing', async () => {
  await expect(made('neither', { username: 'ada', clientId: 'client' })).rejects.toMatchObject({
    mistakes: ['secrets: missing: username and password, or apiKey'],
  });
});

test('a connection that is given a password uses it from then on, and no longer its key', async () => {
  await made('both', byKey);
  await changeConnection(context(), { connection: 'both', secrets: byPassword }, by);
  studio.control.clearLog();
  expect(await checkConnection(context(), { connection: 'both', wait: 40 })).toMatchObject({
    ok: true,
    auth: 'oauth2 password',
  });
  expect(tokens()).toBe(1);
});

test.each([
  ['a wrong password', { ...byPassword, password: 'no' }],
  ['a wrong client', { ...byPassword, clientId: 'other', clientSecret: 'x' }],
  ['a wrong key', { apiKey: 'no' }],
])('%s is seen at once', async (_name, secrets) => {
  const { ok, entities } = await made(`wrong-${Object.keys(secrets).join('').toLowerCase()}`, secrets);
  expect([ok, new Set(entities.map(({ says }) => says))]).toEqual([false, new Set(['refused'])]);
});

test('a token that may read nothing is seen too, although the token endpoint gives it: the check asks for data', async () => {
  studio.control.setTokens('summit', { limitedWithoutClient: true });
  const { ok, entities } = await made('limited', byPassword, 'summit');
  expect([ok, new Set(entities.map(({ says }) => says))]).toEqual([false, new Set(['refused'])]);
  expect(tokens()).toBeGreaterThan(0);
  const named = { ...byPassword, clientId: 'client', clientSecret: 'client-secret' };
  expect((await made('named', named, 'summit')).ok).toBe(true);
});

test('another client that uses up the refresh token costs nothing: each token is made by the password', async () => {
  await studio.engine.delta('orders');
  studio.control.useRefreshTokens('harbour');
  studio.control.revokeTokens('harbour');
  studio.control.clearLog();
  expect((await studio.engine.delta('orders')).outcome).toBe('succeeded');
  expect(tokens()).toBe(1);
});
