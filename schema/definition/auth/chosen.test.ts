import { z } from 'zod';
import { defineConnector } from '../connector';
import { DefinitionError } from '../definition';
import { defineEntity } from '../entity';
import type { AuthInput } from './auth';
import { authText, changesAuth, noAuthProblem, withChosenAuth } from './chosen';

const things = defineEntity({
  ...{ name: 'things', key: 'id', supportsWebhooks: false },
  row: z.object({ name: z.string() }),
  map: () => ({ name: 'a' }),
  listings: { all: { path: '/things', paging: { scheme: 'none' } } },
});
const secret = z.string().optional();
const password: AuthInput = {
  ...{ scheme: 'oauth2', grant: 'password', tokenUrl: '{baseUrl}/token' },
  ...{ username: 'user', password: 'pass', clientId: 'client' },
};

function shop(otherAuth: AuthInput[]) {
  return defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ user: secret, pass: secret, client: secret, key: secret }),
    ...{ auth: password, otherAuth, entities: [things] },
  });
}
const withKey = shop([{ scheme: 'bearer', token: 'key' }]);
const chosen = (secrets: readonly string[]) => authText(withChosenAuth(withKey, secrets).auth);

test('a connection is authorized by the first way whose secrets it has', () => {
  expect(chosen(['user', 'pass'])).toBe('oauth2 password');
  expect(chosen(['key'])).toBe('bearer');
  expect(chosen(['key', 'user'])).toBe('bearer');
  expect(chosen(['key', 'user', 'pass'])).toBe('oauth2 password');
});

test('one that has the secrets of none is refused with what is missing, whatever else it has', () => {
  expect(noAuthProblem(withKey, ['user', 'client'])).toBe('missing: user and pass, or key');
  expect(noAuthProblem(withKey, ['key'])).toBeUndefined();
  // with one way, the secrets that it needs are required by themselves
  expect(noAuthProblem(shop([]), [])).toBeUndefined();
});

test('secrets of another way change how a connection is authorized; an optional one does not', () => {
  expect(changesAuth(withKey, ['key'], ['key', 'user', 'pass'])).toBe(true);
  expect(changesAuth(withKey, ['user', 'pass'], ['user', 'pass', 'client', 'key'])).toBe(false);
});

test('mistakes in further ways are named with their paths', () => {
  const mistakesOf = (otherAuth: AuthInput[]): readonly string[] => {
    try {
      shop(otherAuth);
      return [];
    } catch (error) {
      if (error instanceof DefinitionError) return error.mistakes;
      throw error;
    }
  };
  const person: AuthInput = {
    ...{ scheme: 'oauth2', grant: 'authorizationCode', clientId: 'client' },
    ...{ tokenUrl: '{elsewhere}/token', authorizationUrl: 'https://auth.example.com/authorize' },
  };
  expect(mistakesOf([{ scheme: 'bearer', token: 'token' }, person])).toEqual([
    "shop.otherAuth.0.token: there is no secret named 'token' in secrets",
    'shop.otherAuth.1: a person authorizes by `auth` only',
    expect.stringMatching(/^shop\.otherAuth\.1\.tokenUrl: nothing fills \{elsewhere\}/),
  ]);
});
