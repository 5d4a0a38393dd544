import { type AuthorizationServer, type Client, processGenericTokenEndpointResponse } from 'oauth4webapi';
import type { TidemarkError } from '../../../schema/errors';
import type { IssuedToken } from '../../../schema/ports';
import type { TokenEndpoint, TokenResponse } from '../authorizer';

/** What a token endpoint said. */
export type TokenAnswer =
  | { readonly kind: 'issued'; readonly issued: IssuedToken }
  /** it does not accept the credentials that were sent */
  | { readonly kind: 'refused'; readonly problem: string }
  /** something else; `delivered`: it may have acted on the request, for instance used up the refresh token */
  | { readonly kind: 'failed'; readonly error: TidemarkError; readonly delivered: boolean };

/** Errors of RFC 6749, section 5.2, that are about the credentials. */
const aboutCredentials: ReadonlySet<string> = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client']);
const passing: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);
const passingStatuses: ReadonlySet<number> = new Set([408, 425]);

/**
 * Reads the response of a token endpoint. An `error` counts with any status, since some send it with 200. Nothing of a response that
 * may hold a token is quoted.
 */
export async function readTokenResponse(
  server: AuthorizationServer,
  client: Client,
  { status, body }: TokenResponse,
  endpoint: TokenEndpoint,
): Promise<TokenAnswer> {
  const json = objectIn(body);
  const answered = `answered ${status}`;
  const failed = (error: TidemarkError, delivered: boolean): TokenAnswer => ({ kind: 'failed', error, delivered });
  if (status >= 500 || passingStatuses.has(status)) {
    const problem = `${answered} with ${quoted(body, endpoint)}`;
    return failed(endpoint.error('SourceUnavailable', problem, 'The engine retries later'), true);
  }
  const { error: code, error_description: description } = json ?? {};
  if (typeof code === 'string' && typeof json?.access_token !== 'string') {
    const said = typeof description === 'string' && description !== '' ? ` (${endpoint.excerpt(description)})` : '';
    const problem = `${answered} with the error '${endpoint.excerpt(code)}'${said}`;
    if (aboutCredentials.has(code)) return { kind: 'refused', problem };
    if (passing.has(code)) {
      return failed(endpoint.error('SourceUnavailable', problem, 'The engine retries later'), true);
    }
    return failed(endpoint.error('ContractBroken', problem, 'Check `auth` in the definition of the connector'), false);
  }
  if (status === 401 || status === 403) {
    const problem = `${answered} with ${quoted(body, endpoint)}`;
    const todo = 'Check the credentials of the connection, and whether this address may use the token endpoint';
    return failed(endpoint.error('CredentialsRefused', problem, todo), false);
  }
  if (status >= 300) {
    const problem = `${answered} with ${quoted(body, endpoint)}`;
    return failed(endpoint.error('ContractBroken', problem, 'Check `auth.tokenUrl` of the connector'), false);
  }
  const asItIs = 'No token was taken from it; check `auth` of the connector';
  if (json === undefined) {
    const what = /^\s*</.test(body) ? 'a web page' : `${body.length} characters that are no JSON object`;
    return failed(endpoint.error('ContractBroken', `${answered} with ${what}`, asItIs), true);
  }
  try {
    const response = new Response(JSON.stringify(usual(json)), { status: 200 });
    const issued = await processGenericTokenEndpointResponse(server, client, response);
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = issued;
    endpoint.hide([accessToken, ...(refreshToken === undefined ? [] : [refreshToken])]);
    if (!/^[\x21-\x7e]+$/.test(accessToken))
      throw new Error('the access token holds characters that no header can carry');
    const expiresInMs = seconds === undefined ? undefined : Math.min(seconds, longestSeconds) * 1000;
    return { kind: 'issued', issued: { accessToken, refreshToken, expiresInMs } };
  } catch (error) {
    // its message names a field and says what is wrong with it; its cause holds the whole body
    const why = error instanceof Error ? error.message : 'it cannot be read';
    const fields = Object.keys(json).filter((name) => /^\w{1,40}$/.test(name));
    const problem = `${answered} with no token: ${why}; its fields are ${fields.join(', ') || 'none'}`;
    return failed(endpoint.error('ContractBroken', problem, asItIs), true);
  }
}

const longestSeconds = 10 * 365 * 86_400;

/**
 * The response as RFC 6749 writes it. Servers leave out the type of the token, and send lifetimes as text, null or 0, which
 * say nothing: such a token is renewed when it is refused. An id token is not needed.
 */
function usual({ id_token: _id, ...json }: Record<string, unknown>): Record<string, unknown> {
  const { expires_in: lifetime, refresh_token: refresh, token_type: type, scope } = json;
  const seconds = typeof lifetime === 'string' ? Number.parseFloat(lifetime) : lifetime;
  return {
    ...json,
    token_type: type ?? 'Bearer',
    expires_in: typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined,
    refresh_token: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
    scope: typeof scope === 'string' ? scope : undefined,
  };
}

function objectIn(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function quoted(body: string, endpoint: TokenEndpoint): string {
  return body.trim() === '' ? 'an empty body' : `"${endpoint.excerpt(body)}"`;
}
