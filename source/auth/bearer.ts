import type { Auth } from '../../schema/definition/auth';
import { type AuthScheme, secretOf } from './authorizer';

/** RFC 6750, section 2.1. */
export const bearer: AuthScheme<Extract<Auth, { scheme: 'bearer' }>> = (auth, secrets) => {
  const header = `Bearer ${secretOf(secrets, auth.token)}`;
  return {
    authorize: (request) => {
      request.headers.Authorization = header;
    },
  };
};
