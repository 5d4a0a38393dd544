import type { Auth } from '../../schema/definition/auth/auth';
import type { AuthScheme } from './authorizer';

export const none: AuthScheme<Extract<Auth, { scheme: 'none' }>> = () => ({ authorize: () => undefined });
