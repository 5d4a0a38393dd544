import type { Auth } from '../../schema/definition/auth';
import { type AuthScheme, secretOf } from './authorizer';

/** RFC 7617, in UTF-8. */
export const basic: AuthScheme<Extract<Auth, { scheme: 'basic' }>> = (auth, secrets) => {
  const pair = `${secretOf(secrets, auth.username)}:${secretOf(secrets, auth.password)}`;
  const header = `Basic ${Buffer.from(pair).toString('base64')}`;
  return {
    authorize: (request) => {
      request.headers.Authorization = header;
    },
  };
};
