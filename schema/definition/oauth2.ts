import { z } from 'zod';
import { placeholder } from './placeholders';
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
]);
export type OAuth2 = z.infer<typeof oauth2>;

/** The texts of an OAuth scheme that may contain `{settings}`, by their paths. */
export function oauth2Templates({ tokenUrl, parameters, headers }: OAuth2): [at: string, text: string][] {
  return [
    ['tokenUrl', tokenUrl],
    ...Object.entries(parameters).map(([name, text]): [string, string] => [`parameters.${name}`, text]),
    ...Object.entries(headers).map(([name, text]): [string, string] => [`headers.${name}`, text]),
  ];
}

/**
 * What a change of secrets means for the tokens of a connection. `void`: they belong to other credentials now. `keep`: the client
 * proves itself in another way, and the refresh token, which nothing else could replace, stays valid.
 */
export function tokensAfter(auth: OAuth2, changed: readonly string[]): 'untouched' | 'keep' | 'void' {
  const owning =
    auth.grant === 'refreshToken'
      ? [auth.refreshToken, auth.clientId]
      : auth.grant === 'password'
        ? [auth.username, auth.password, auth.clientId, auth.clientSecret]
        : [auth.clientId, auth.clientSecret];
  if (owning.some((name) => name !== undefined && changed.includes(name))) return 'void';
  return auth.clientSecret !== undefined && changed.includes(auth.clientSecret) ? 'keep' : 'untouched';
}
