import { z } from 'zod';
import { type AuthScheme, secretOf, type TokenEndpoint } from '../../../source/auth/authorizer';
import { defineConnector } from '../connector';
import { DefinitionError } from '../definition';
import { defineEntity } from '../entity';
import type { WebhookSignatureInput } from '../webhooks';
import type { Auth, AuthInput } from './auth';
import { namedSecrets, secretName } from './secretName';

const things = defineEntity({
  ...{ name: 'things', key: 'id', deltaSyncField: { name: 'updated', kind: 'instant' }, supportsWebhooks: false },
  row: z.object({ name: z.string() }),
  map: () => ({ name: 'a' }),
  listings: { all: { path: '/things', paging: { scheme: 'none' } } },
});

/** The mistakes of a connector that declares no secret at all. */
function mistakesOf(auth: AuthInput, signature?: WebhookSignatureInput): readonly string[] {
  try {
    const webhooks = signature && { signature, events: () => [] };
    const settings = z.object({ baseUrl: z.url() });
    defineConnector({
      ...{ name: 'shop', settings, secrets: z.object({}), auth, entities: [things] },
      ...(webhooks && { webhooks }),
    });
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.mistakes;
    throw error;
  }
}

const undeclared: [AuthInput, string[]][] = [
  [{ scheme: 'none' }, []],
  [{ scheme: 'basic', username: 'user', password: 'pass' }, ['username', 'password']],
  [{ scheme: 'bearer', token: 'token' }, ['token']],
  [{ scheme: 'apiKey', in: 'query', name: 'k', key: 'key' }, ['key']],
];

test.each(undeclared)('secrets that the connector does not declare are mistakes: %j', (auth, fields) => {
  const found = mistakesOf(auth).map((mistake) => mistake.split(':')[0]);
  expect(found).toEqual(fields.map((field) => `shop.auth.${field}`));
});

test('so is the secret of the webhook signature', () => {
  expect(mistakesOf({ scheme: 'none' }, { header: 'X-Signature', secret: 'hook' })).toEqual([
    "shop.webhooks.signature.secret: there is no secret named 'hook' in secrets",
  ]);
});

describe('a new scheme', () => {
  test('declares its secrets by the type of its fields, also optional and nested ones', () => {
    const signed = z.object({ id: secretName, extra: z.object({ key: secretName.optional() }).optional() });
    const schemes = z.discriminatedUnion('scheme', [
      signed.extend({ scheme: z.literal('signed') }),
      z.object({ scheme: z.literal('x') }),
    ]);
    const named = (value: object) => namedSecrets(schemes, value, 'auth');
    expect(named({ scheme: 'signed', id: 'a', extra: { key: 'b' } })).toEqual([
      ['auth.id', 'a'],
      ['auth.extra.key', 'b'],
    ]);
    expect(named({ scheme: 'signed', id: 'a' })).toEqual([['auth.id', 'a']]);
    expect(named({ scheme: 'x' })).toEqual([]);
  });

  test('does not compile when it reads a secret by a field that is not declared as one', () => {
    type Forgetful = Extract<Auth, { scheme: 'bearer' }> & { readonly extra: string };
    const forgetful: AuthScheme<Forgetful> = (auth, secrets) => {
      // @ts-expect-error `extra` is a plain string, not a SecretName
      const extra = secretOf(secrets, auth.extra);
      return { authorize: ({ headers }) => void Object.assign(headers, { extra }) };
    };
    const context = { tokens: undefined, endpoint: {} as TokenEndpoint };
    expect(() => forgetful({ scheme: 'bearer', token: secretName.parse('t'), extra: 'e' }, {}, context)).toThrow(
      /'e' is missing/,
    );
  });
});
