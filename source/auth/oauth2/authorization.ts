import { authorizationCodeGrantRequest, calculatePKCECodeChallenge, validateAuthResponse } from 'oauth4webapi';
import type { OAuth2 } from '../../../schema/definition/auth/oauth2';
import { NoTokenResponse, type Secrets, type TokenEndpoint } from '../authorizer';
import { clientOf, tokenRequestOf } from './grant';
import type { TokenAnswer } from './response';

export type AuthorizationCode = Extract<OAuth2, { grant: 'authorizationCode' }>;

/** One person's way to the source and back. */
export interface Journey {
  /** where the source sends the person back to, exactly */
  readonly redirectUri: string;
  /** comes back with the person */
  readonly state: string;
  /** proves that whoever redeems the code is who asked for it (RFC 7636) */
  readonly verifier: string;
}

/** The address at which a person signs in. Throws TidemarkError 'Usage' for settings that make none, UnusableSecret. */
export async function authorizationAddress(
  auth: AuthorizationCode,
  secrets: Secrets,
  endpoint: TokenEndpoint,
  { redirectUri, state, verifier }: Journey,
): Promise<URL> {
  const url = endpoint.address(auth.authorizationUrl);
  const { clientId = '' } = clientOf(auth, secrets);
  const own = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(auth.scope === undefined ? {} : { scope: auth.scope }),
  };
  for (const [name, text] of Object.entries(auth.authorizationParameters)) {
    url.searchParams.set(name, endpoint.fill(text));
  }
  for (const [name, value] of Object.entries(own)) url.searchParams.set(name, value);
  return url;
}

/** How long the request for the first tokens may take, body included. */
const requestMs = 20_000;

/**
 * Redeems the code with which the source sent a person back. `refused` also where the response is of another issuer or state, or
 * an error.
 */
export async function redeem(
  auth: AuthorizationCode,
  secrets: Secrets,
  endpoint: TokenEndpoint,
  { redirectUri, state, verifier }: Journey,
  response: URLSearchParams,
): Promise<TokenAnswer> {
  const request = tokenRequestOf(auth, clientOf(auth, secrets), endpoint);
  const { server, client, clientAuth, parameters, options } = request;
  const sent = new URLSearchParams(response);
  if (auth.issuer === undefined) sent.delete('iss');
  endpoint.hide([response.get('code') ?? '', verifier]);
  try {
    const valid = validateAuthResponse(server, client, sent, state);
    return await request.send(
      (fetching) =>
        authorizationCodeGrantRequest(server, client, clientAuth, valid, redirectUri, verifier, {
          ...options,
          ...fetching,
          additionalParameters: parameters,
        }),
      requestMs,
    );
  } catch (error) {
    if (error instanceof NoTokenResponse) return { kind: 'failed', error: error.error, delivered: error.delivered };
    // its message names a parameter and says what is wrong with it, never its value
    return { kind: 'refused', problem: error instanceof Error ? error.message : 'the response cannot be read' };
  }
}
