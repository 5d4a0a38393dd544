import type { Connector } from '../connector';
import type { Auth } from './auth';

/** The names of the secrets without which an auth scheme sends nothing. */
export function requiredSecrets(auth: Auth): readonly string[] {
  switch (auth.scheme) {
    case 'none':
      return [];
    case 'basic':
      return [auth.username, auth.password];
    case 'bearer':
      return [auth.token];
    case 'apiKey':
      return [auth.key];
    case 'oauth2':
      break;
  }
  switch (auth.grant) {
    case 'clientCredentials':
      return [auth.clientId, auth.clientSecret];
    case 'password':
      return [auth.username, auth.password];
    case 'refreshToken':
      return [auth.refreshToken, auth.clientId];
    case 'authorizationCode':
      return [auth.clientId];
  }
}

/**
 * The connector as it authorizes a connection that has these secrets: by the first of `auth` and `otherAuth` that lacks none, else by `auth`.
 * `secrets`: their names.
 */
export function withChosenAuth(connector: Connector, secrets: readonly string[]): Connector {
  const complete = [connector.auth, ...connector.otherAuth].find((one) => missingSecrets(one, secrets).length === 0);
  return complete === undefined || complete === connector.auth ? connector : { ...connector, auth: complete };
}

/** Whether connections with the one and with the other secrets are authorized in different ways. */
export function changesAuth(connector: Connector, before: readonly string[], after: readonly string[]): boolean {
  return withChosenAuth(connector, before).auth !== withChosenAuth(connector, after).auth;
}

/** What is wrong with the secrets of a connection that no way to authorize it can do with; undefined where one can. */
export function noAuthProblem({ auth, otherAuth }: Connector, secrets: readonly string[]): string | undefined {
  // with one way only, its secrets are required by the connector itself
  if (otherAuth.length === 0) return undefined;
  const ways = [auth, ...otherAuth];
  if (ways.some((one) => missingSecrets(one, secrets).length === 0)) return undefined;
  return `missing: ${ways.map((one) => requiredSecrets(one).join(' and ')).join(', or ')}`;
}

/** `basic`, `oauth2 clientCredentials` */
export function authText(auth: Auth): string {
  return auth.scheme === 'oauth2' ? `oauth2 ${auth.grant}` : auth.scheme;
}

function missingSecrets(auth: Auth, secrets: readonly string[]): readonly string[] {
  return requiredSecrets(auth).filter((name) => !secrets.includes(name));
}
