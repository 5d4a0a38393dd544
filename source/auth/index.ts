import type { Auth } from '../../schema/definition/auth/auth';
import type { SecretName } from '../../schema/definition/auth/secretName';
import { apiKey } from './apiKey';
import { type AuthContext, type Authorizer, type AuthScheme, headerSecretOf, type Secrets } from './authorizer';
import { basic } from './basic';
import { bearer } from './bearer';
import { none } from './none';
import { oauth2 } from './oauth2';

export {
  type AuthContext,
  type Authorizer,
  type Credential,
  NoTokenResponse,
  type Outgoing,
  type TokenEndpoint,
  UnusableSecret,
} from './authorizer';

/** A further scheme is a file here, a line below and a variant of `schema/definition/auth/auth.ts`. */
const schemes: { readonly [S in Auth['scheme']]: AuthScheme<Extract<Auth, { scheme: S }>> } = {
  none,
  basic,
  bearer,
  apiKey,
  oauth2,
};

/** What authorizes the requests of a connection: its scheme, and the headers that hold a secret. Throws UnusableSecret. */
export function authorizerOf(
  { auth, secretHeaders }: { readonly auth: Auth; readonly secretHeaders: Readonly<Record<string, SecretName>> },
  secrets: Secrets,
  context: AuthContext,
): Authorizer {
  const authorizer = (schemes[auth.scheme] as AuthScheme<Auth>)(auth, secrets, context);
  const headers = Object.entries(secretHeaders).map(
    ([name, secret]) => [name, headerSecretOf(secrets, secret, name)] as const,
  );
  if (headers.length === 0) return authorizer;
  return {
    ...authorizer,
    authorize: (request, signal) => {
      for (const [name, value] of headers) request.headers[name] = value;
      return authorizer.authorize(request, signal);
    },
  };
}
