import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
  genericTokenEndpointRequest,
  None,
  refreshTokenGrantRequest,
} from 'oauth4webapi';
import type { OAuth2 } from '../../../schema/definition/auth/oauth2';
import type { StoredToken } from '../../../schema/ports';
import { type Secrets, secretOf, type TokenEndpoint } from '../authorizer';
import { readTokenResponse, type TokenAnswer } from './response';

/** How a connection gets tokens. */
export interface Grant {
  /** The refresh token to send now; undefined where the token is had by the grant itself. */
  refreshTokenFor(stored: StoredToken): string | undefined;
  /** whether a token can be had without a refresh token */
  readonly standsAlone: boolean;
  /** Sends one request for a token. Throws NoTokenResponse. */
  ask(refreshToken: string | undefined, timeoutMs: number): Promise<TokenAnswer>;
}

/** What a request for a token is made with, whatever the grant. */
export interface TokenRequest {
  readonly server: AuthorizationServer;
  readonly client: Client;
  readonly clientAuth: ClientAuth;
  /** the further parameters of the definition */
  readonly parameters: Readonly<Record<string, string>>;
  readonly options: { readonly headers: Record<string, string>; readonly [allowInsecureRequests]: boolean };
  /** Sends what the library makes of it, and reads the response. */
  send(make: (fetching: FetchOption) => Promise<unknown>, timeoutMs: number): Promise<TokenAnswer>;
}

type FetchOption = {
  readonly [customFetch]: (
    address: string,
    init: { body: unknown; headers: Record<string, string> },
  ) => Promise<Response>;
};

/** The part of a token request that all grants share. Throws TidemarkError 'Usage' for settings that make no address. */
export function tokenRequestOf(
  auth: OAuth2,
  { clientId, clientSecret }: { readonly clientId: string | undefined; readonly clientSecret: string | undefined },
  endpoint: TokenEndpoint,
): TokenRequest {
  const url = endpoint.address(auth.tokenUrl);
  const issuer = (auth.grant === 'authorizationCode' ? auth.issuer : undefined) ?? url.origin;
  const server: AuthorizationServer = { issuer, token_endpoint: url.href };
  // the library wants an id of every client; `provingWith` decides what is sent
  const client: Client = { client_id: clientId ?? 'none' };
  return {
    server,
    client,
    clientAuth: provingWith(auth.clientAuth, clientId, clientSecret, endpoint),
    parameters: filled(auth.parameters, endpoint),
    options: {
      [allowInsecureRequests]: true,
      headers: { ...filled(auth.headers, endpoint), 'User-Agent': 'tidemark' },
    },
    async send(make, timeoutMs) {
      let received = { status: 0, body: '' };
      await make({
        [customFetch]: async (address, init) => {
          received = await endpoint.post(new URL(address), init.headers, String(init.body), timeoutMs);
          // the library reads the response only after `readTokenResponse` has
          return new Response(null, { status: 200 });
        },
      });
      return await readTokenResponse(server, client, received, endpoint);
    },
  };
}

/** The client's id and secret of a connection. Throws UnusableSecret for one that is missing. */
export function clientOf(
  auth: OAuth2,
  secrets: Secrets,
): { readonly clientId: string | undefined; readonly clientSecret: string | undefined } {
  const optional = (name: OAuth2['clientSecret']) =>
    name === undefined || (secrets[name] ?? '').trim() === '' ? undefined : secretOf(secrets, name);
  return {
    clientId: auth.grant === 'password' ? optional(auth.clientId) : secretOf(secrets, auth.clientId),
    clientSecret:
      auth.grant === 'clientCredentials' ? secretOf(secrets, auth.clientSecret) : optional(auth.clientSecret),
  };
}

/** The grant of a connection. Throws UnusableSecret for a secret that is missing. */
export function grantOf(auth: OAuth2, secrets: Secrets, endpoint: TokenEndpoint): Grant {
  const client = clientOf(auth, secrets);
  const user =
    auth.grant === 'password'
      ? { username: secretOf(secrets, auth.username), password: secretOf(secrets, auth.password) }
      : undefined;
  const first = auth.grant === 'refreshToken' ? secretOf(secrets, auth.refreshToken) : undefined;

  async function ask(refreshToken: string | undefined, timeoutMs: number): Promise<TokenAnswer> {
    const request = tokenRequestOf(auth, client, endpoint);
    const { server, client: sent, clientAuth, parameters, options } = request;
    const scope: Record<string, string> = auth.scope === undefined ? {} : { scope: auth.scope };
    if (refreshToken !== undefined) {
      endpoint.hide([refreshToken]);
      return request.send((fetching) => {
        const all = { ...options, ...fetching, additionalParameters: parameters };
        return refreshTokenGrantRequest(server, sent, clientAuth, refreshToken, all);
      }, timeoutMs);
    }
    return request.send(
      (fetching) =>
        user === undefined
          ? clientCredentialsGrantRequest(
              server,
              sent,
              clientAuth,
              { ...parameters, ...scope },
              { ...options, ...fetching },
            )
          : genericTokenEndpointRequest(
              server,
              sent,
              clientAuth,
              'password',
              { ...parameters, ...scope, ...user },
              {
                ...options,
                ...fetching,
              },
            ),
      timeoutMs,
    );
  }

  return {
    standsAlone: auth.grant === 'clientCredentials' || auth.grant === 'password',
    refreshTokenFor({ refreshToken, unansweredSince }) {
      switch (auth.grant) {
        case 'clientCredentials':
          return undefined;
        // one that may have been used up is not worth a refusal where the password serves
        case 'password':
          return auth.refresh && unansweredSince === undefined ? refreshToken : undefined;
        case 'refreshToken':
          return refreshToken ?? first;
        case 'authorizationCode':
          return refreshToken;
      }
    },
    ask,
  };
}

/** How the client proves itself. A client without a secret sends its id, one without an id nothing. */
function provingWith(
  how: OAuth2['clientAuth'],
  clientId: string | undefined,
  clientSecret: string | undefined,
  endpoint: TokenEndpoint,
): ClientAuth {
  if (clientId === undefined) return () => undefined;
  if (clientSecret === undefined) return None();
  if (how === 'body') return ClientSecretPost(clientSecret);
  const basic = ClientSecretBasic(clientSecret);
  return async (server, client, body, headers) => {
    await basic(server, client, body, headers);
    // it encodes both parts, so that this is another text than the reporter knows
    endpoint.hide([(headers.get('authorization') ?? '').replace(/^Basic /, '')]);
  };
}

function filled(texts: Readonly<Record<string, string>>, endpoint: TokenEndpoint): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, endpoint.fill(text)]));
}
