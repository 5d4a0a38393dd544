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
import type { OAuth2 } from '../../../schema/definition/oauth2';
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

/** The grant of a connection. Throws UnusableSecret for a secret that is missing. */
export function grantOf(auth: OAuth2, secrets: Secrets, endpoint: TokenEndpoint): Grant {
  const optional = (name: OAuth2['clientSecret']) =>
    name === undefined || (secrets[name] ?? '').trim() === '' ? undefined : secretOf(secrets, name);
  const clientId = auth.grant === 'password' ? optional(auth.clientId) : secretOf(secrets, auth.clientId);
  const clientSecret =
    auth.grant === 'clientCredentials' ? secretOf(secrets, auth.clientSecret) : optional(auth.clientSecret);
  const user =
    auth.grant === 'password'
      ? { username: secretOf(secrets, auth.username), password: secretOf(secrets, auth.password) }
      : undefined;
  const first = auth.grant === 'refreshToken' ? secretOf(secrets, auth.refreshToken) : undefined;
  const clientAuth = provingWith(auth.clientAuth, clientId, clientSecret, endpoint);

  async function ask(refreshToken: string | undefined, timeoutMs: number): Promise<TokenAnswer> {
    const url = endpoint.address(auth.tokenUrl);
    const server: AuthorizationServer = { issuer: url.origin, token_endpoint: url.href };
    // the library wants an id of every client; `provingWith` decides what is sent
    const client: Client = { client_id: clientId ?? 'none' };
    const parameters = filled(auth.parameters, endpoint);
    const scope: Record<string, string> = auth.scope === undefined ? {} : { scope: auth.scope };
    const options = {
      [allowInsecureRequests]: true,
      [customFetch]: async (address: string, init: { body: unknown; headers: Record<string, string> }) => {
        const { status, body } = await endpoint.post(new URL(address), init.headers, String(init.body), timeoutMs);
        received = { status, body };
        return new Response(null, { status: 200 });
      },
      headers: { ...filled(auth.headers, endpoint), 'User-Agent': 'tidemark' },
    };
    let received = { status: 0, body: '' };
    if (refreshToken !== undefined) {
      endpoint.hide([refreshToken]);
      await refreshTokenGrantRequest(server, client, clientAuth, refreshToken, {
        ...options,
        additionalParameters: parameters,
      });
    } else if (user !== undefined) {
      const all = { ...parameters, ...scope, ...user };
      await genericTokenEndpointRequest(server, client, clientAuth, 'password', all, options);
    } else {
      await clientCredentialsGrantRequest(server, client, clientAuth, { ...parameters, ...scope }, options);
    }
    return await readTokenResponse(server, client, received, endpoint);
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
