import type { Auth } from '../../schema/definition/auth/auth';
import { type AuthScheme, secretOf, UnusableSecret } from './authorizer';

/** RFC 7617, in UTF-8. */
export const basic: AuthScheme<Extract<Auth, { scheme: 'basic' }>> = (auth, secrets) => {
  // RFC 7617: what comes after the first colon is the password
  if (secretOf(secrets, auth.username).includes(':'))
    throw new UnusableSecret(`the secret '${auth.username}' holds a colon, which no user name of basic auth can hold`);
  const pair = `${secretOf(secrets, auth.username)}:${secretOf(secrets, auth.password)}`;
  const header = `Basic ${Buffer.from(pair).toString('base64')}`;
  return {
    authorize: (request) => {
      request.headers.Authorization = header;
      return undefined;
    },
  };
};
