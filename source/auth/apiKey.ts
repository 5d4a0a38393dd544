import type { Auth } from '../../schema/definition/auth';
import { type AuthScheme, secretOf } from './authorizer';

export const apiKey: AuthScheme<Extract<Auth, { scheme: 'apiKey' }>> = (auth, secrets) => {
  const key = `${auth.prefix}${secretOf(secrets, auth.key)}`;
  if (auth.in === 'header') {
    return {
      authorize: (request) => {
        request.headers[auth.name] = key;
      },
    };
  }
  return {
    queryParameter: auth.name,
    authorize: (request) => request.url.searchParams.set(auth.name, key),
  };
};
