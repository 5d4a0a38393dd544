import type { Auth } from '../../schema/definition/auth/auth';
import { type AuthScheme, headerSecretOf, secretOf } from './authorizer';

export const apiKey: AuthScheme<Extract<Auth, { scheme: 'apiKey' }>> = (auth, secrets) => {
  if (auth.in === 'header') {
    const key = `${auth.prefix}${headerSecretOf(secrets, auth.key, auth.name)}`;
    return {
      authorize: (request) => {
        request.headers[auth.name] = key;
        return undefined;
      },
    };
  }
  const key = `${auth.prefix}${secretOf(secrets, auth.key)}`;
  return {
    queryParameter: auth.name,
    authorize: (request) => {
      request.url.searchParams.set(auth.name, key);
      return undefined;
    },
  };
};
