import { z } from 'zod';
import { placeholder } from '../placeholders';
import { secretName } from './secretName';

const example = "'https://auth.example.com/token', or '{authUrl}/token' with a setting `authUrl`";

/** An absolute address, which may begin with a setting that is one. */
const address = z.string().refine(isAddress, { error: `must be an http(s) address, such as ${example}` });

function isAddress(text: string): boolean {
  const filled = text.replace(/^\{\w+\}/, 'https://host').replace(placeholder, 'x');
  return /^https?:\/\//i.test(filled) && URL.canParse(filled);
}

/** What the request for a token has with every grant. */
export const tokenRequest = {
  /** The address of the token endpoint. `{name}` is replaced by the setting of that name; at the beginning it is a whole address, elsewhere it is encoded. */
  tokenUrl: address,
  /** How the client's id and secret are sent: in the `body`, or as HTTP `basic` (RFC 6749, section 2.3.1). */
  clientAuth: z.enum(['body', 'basic']).default('body'),
  /** The scopes that are asked for, separated by spaces. */
  scope: z.string().min(1).optional(),
  /** Further parameters of the request for a token, such as `audience`. They may contain `{settings}`. */
  parameters: z.record(z.string(), z.string()).default({}),
  /** Further headers of the request for a token. They may contain `{settings}`. */
  headers: z.record(z.string(), z.string()).default({}),
};

/**
 * OAuth 2.0 (RFC 6749). The engine gets access tokens from the token endpoint, stores them encrypted, shares them between all
 * workers, renews them before they expire, and renews them once after a `401`.
 */
export const oauth2 = z.discriminatedUnion('grant', [
  /**
   * The client acts for itself: its id and secret alone get a token.
   * @example
   * {
   *   scheme: 'oauth2',
   *   grant: 'clientCredentials',
   *   tokenUrl: 'https://auth.example.com/connect/token',
   *   clientAuth: 'body',
   *   clientId: 'clientId',
   *   clientSecret: 'clientSecret',
   *   scope: 'orders.read customers.read',
   *   parameters: { audience: 'https://api.example.com' },
   *   headers: { 'X-Tenant': '{tenant}' },
   * }
   */
  z.strictObject({
    scheme: z.literal('oauth2'),
    grant: z.literal('clientCredentials'),
    ...tokenRequest,
    /** The name of the secret that holds the client's id. */
    clientId: secretName,
    /** The name of the secret that holds the client's secret. */
    clientSecret: secretName,
  }),
  /**
   * A user's name and password get a token. It is renewed with a refresh token where the source gives one; where that is
   * refused, with the password again.
   * @example
   * {
   *   scheme: 'oauth2',
   *   grant: 'password',
   *   tokenUrl: '{baseUrl}/o/token/',
   *   clientAuth: 'body',
   *   username: 'username',
   *   password: 'password',
   *   clientId: 'clientId',
   *   clientSecret: 'clientSecret',
   *   refresh: false,
   *   scope: 'read:account',
   *   parameters: {},
   *   headers: {},
   * }
   */
  z.strictObject({
    scheme: z.literal('oauth2'),
    grant: z.literal('password'),
    ...tokenRequest,
    /** The name of the secret that holds the user's name. */
    username: secretName,
    /** The name of the secret that holds the user's password. */
    password: secretName,
    /** The name of the secret that holds the client's id. A connection without it sends none. */
    clientId: secretName.optional(),
    /** The name of the secret that holds the client's secret. A connection without it sends none. */
    clientSecret: secretName.optional(),
    /** Whether refresh tokens are used. `false` where another client may use them up: the password then gets each token. */
    refresh: z.boolean().default(true),
  }),
  /**
   * A refresh token that an operator gives gets the tokens. Where the source replaces it at each use, the engine stores
   * the newest; another system must not use it too.
   * @example
   * {
   *   scheme: 'oauth2',
   *   grant: 'refreshToken',
   *   tokenUrl: 'https://auth.example.com/token',
   *   clientAuth: 'basic',
   *   refreshToken: 'refreshToken',
   *   clientId: 'clientId',
   *   clientSecret: 'clientSecret',
   *   scope: 'offline_access',
   *   parameters: {},
   *   headers: {},
   * }
   */
  z.strictObject({
    scheme: z.literal('oauth2'),
    grant: z.literal('refreshToken'),
    ...tokenRequest,
    /** The name of the secret that holds the first refresh token. */
    refreshToken: secretName,
    /** The name of the secret that holds the client's id. */
    clientId: secretName,
    /** The name of the secret that holds the client's secret. A connection without it sends none. */
    clientSecret: secretName.optional(),
  }),
  /**
   * A person signs in at the source and allows access (RFC 6749, section 4.1, with PKCE). `tidemark connect --link` makes a one-time
   * page on the server for that, which can be sent to a customer. The source must know the address `<server>/connect/callback`.
   * @example
   * {
   *   scheme: 'oauth2',
   *   grant: 'authorizationCode',
   *   authorizationUrl: 'https://auth.example.com/authorize',
   *   authorizationParameters: { access_type: 'offline' },
   *   issuer: 'https://auth.example.com',
   *   tokenUrl: 'https://auth.example.com/token',
   *   clientAuth: 'basic',
   *   clientId: 'clientId',
   *   clientSecret: 'clientSecret',
   *   scope: 'orders.read offline_access',
   *   parameters: {},
   *   headers: {},
   * }
   */
  z.strictObject({
    scheme: z.literal('oauth2'),
    grant: z.literal('authorizationCode'),
    ...tokenRequest,
    /** The address at which a person signs in. `{name}` is replaced as in `tokenUrl`. */
    authorizationUrl: address,
    /** Further parameters of that address, such as those that ask for a refresh token. They may contain `{settings}`. */
    authorizationParameters: z.record(z.string(), z.string()).default({}),
    /** The issuer that the source names when it sends the person back (RFC 9207). Another one is refused; without it none is compared. */
    issuer: z.url().optional(),
    /** The name of the secret that holds the client's id. */
    clientId: secretName,
    /** The name of the secret that holds the client's secret. A connection without it sends none. */
    clientSecret: secretName.optional(),
  }),
]);
export type OAuth2 = z.infer<typeof oauth2>;

/** Why a connection rests for which no person has signed in. */
export const notAuthorized =
  'no person has signed in at the source for it yet: make a page for that with `connect --link`';

/** The texts of an OAuth scheme that may contain `{settings}`, by their paths. */
export function oauth2Templates(auth: OAuth2): [at: string, text: string][] {
  const { tokenUrl, parameters, headers } = auth;
  const named = (at: string, texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([name, text]): [string, string] => [`${at}.${name}`, text]);
  const ofCode: [string, string][] =
    auth.grant === 'authorizationCode'
      ? [['authorizationUrl', auth.authorizationUrl], ...named('authorizationParameters', auth.authorizationParameters)]
      : [];
  return [['tokenUrl', tokenUrl], ...ofCode, ...named('parameters', parameters), ...named('headers', headers)];
}

/**
 * What a change of secrets means for the tokens of a connection. `void`: they belong to other credentials now. `keep`: the client
 * proves itself in another way, and the refresh token, which nothing else could replace, stays valid.
 */
export function tokensAfter(auth: OAuth2, changed: readonly string[]): 'untouched' | 'keep' | 'void' {
  const owning = secretsThatOwn(auth);
  if (owning.some((name) => name !== undefined && changed.includes(name))) return 'void';
  return auth.clientSecret !== undefined && changed.includes(auth.clientSecret) ? 'keep' : 'untouched';
}

function secretsThatOwn(auth: OAuth2): (string | undefined)[] {
  switch (auth.grant) {
    case 'clientCredentials':
      return [auth.clientId, auth.clientSecret];
    case 'password':
      return [auth.username, auth.password, auth.clientId, auth.clientSecret];
    case 'refreshToken':
      return [auth.refreshToken, auth.clientId];
    case 'authorizationCode':
      return [auth.clientId];
  }
}
