import { z } from 'zod';
import { defineConnector } from '../../schema';
import { aliases } from './aliases';
import { customers } from './customers';

/**
 * ServiceTitan: https://developer.servicetitan.io. One connection is one tenant (a workspace). Which rules are documented and
 * which were seen, README.md next to this file says.
 */
export const serviceTitan = defineConnector({
  name: 'service_titan',
  settings: z.object({
    /** the tenant's number */
    tenant: z.string().regex(/^\d+$/, { error: 'must be the number of the tenant' }),
    baseUrl: z.url().default('https://api.servicetitan.io'),
    authUrl: z.url().default('https://auth.servicetitan.io'),
  }),
  secrets: z.object({
    /** client id and secret belong to one tenant and one app */
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    /** the key of the app, for all tenants */
    appKey: z.string().min(1),
  }),
  // tokens live for about 15 minutes; there is no refresh token
  auth: {
    scheme: 'oauth2',
    grant: 'clientCredentials',
    tokenUrl: '{authUrl}/connect/token',
    clientId: 'clientId',
    clientSecret: 'clientSecret',
  },
  secretHeaders: { 'ST-App-Key': 'appKey' },
  // a refusal says how long to wait in `Retry-After`, or only in its title
  rateLimit: { requests: 60, per: '1s', retryAfter: { path: 'title', text: 'again in {wait} second' } },
  entities: [customers],
  aliases,
});
