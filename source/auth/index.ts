import type { Auth } from '../../schema/definition/auth';
import { apiKey } from './apiKey';
import type { Authorizer, AuthScheme, Secrets } from './authorizer';
import { basic } from './basic';
import { bearer } from './bearer';
import { none } from './none';

export { type Authorizer, type Outgoing, UnusableSecret } from './authorizer';

/** A further scheme is a file here, a line below and a variant of `schema/definition/auth.ts`. */
const schemes: { readonly [S in Auth['scheme']]: AuthScheme<Extract<Auth, { scheme: S }>> } = {
  none,
  basic,
  bearer,
  apiKey,
};

/** The authorizer of a connection. Throws UnusableSecret. */
export function authorizerOf(auth: Auth, secrets: Secrets): Authorizer {
  return (schemes[auth.scheme] as AuthScheme<Auth>)(auth, secrets);
}
