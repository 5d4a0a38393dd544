import type { OAuth2 } from '../../../schema/definition/auth/oauth2';
import type { AuthScheme } from '../authorizer';
import { grantOf } from './grant';
import { tokenHolder } from './holder';

/** RFC 6749 and, for the requests, RFC 6750, section 2.1. */
export const oauth2: AuthScheme<OAuth2> = (auth, secrets, { tokens, endpoint }) => {
  if (tokens === undefined) throw new Error('a client of a connector with OAuth needs a token store');
  return tokenHolder(grantOf(auth, secrets, endpoint), tokens, endpoint);
};
