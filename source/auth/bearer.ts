import type { Auth } from '../../schema/definition/auth/auth';
import { type AuthScheme, headerSecretOf } from './authorizer';

/** RFC 6750, section 2.1. */
export const bearer: AuthScheme<Extract<Auth, { scheme: 'bearer' }>> = (auth, secrets) => {
  const header = `Bearer ${headerSecretOf(secrets, auth.token, 'Authorization')}`;
  return {
    authorize: (request) => {
      request.headers.Authorization = header;
      return undefined;
    },
  };
};
