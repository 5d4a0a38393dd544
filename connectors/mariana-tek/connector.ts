import { z } from 'zod';
import { defineConnector } from '../../schema';
import { aliases } from './aliases';
import { bookings } from './bookings';
import { classSessions } from './classSessions';
import { customers } from './customers';
import { dailyMetrics } from './dailyMetrics';
import { memberships } from './memberships';
import { orders } from './orders';

/**
 * Mariana Tek: https://docs.marianatek.com. One connection is one brand, which is one subdomain. Which rules are documented and which
 * were seen, README.md next to this file says.
 */
export const marianaTek = defineConnector({
  name: 'mariana_tek',
  settings: z.object({
    /** `https://<brand>.marianatek.com` */
    baseUrl: z.url(),
  }),
  // either user name and password, or the key; see `auth` and `otherAuth`
  secrets: z.object({
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    /** of the brand's admin page; without them a token may be one that reads no data of the brand */
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    apiKey: z.string().min(1).optional(),
  }),
  // each token by the password: another client of the same user may use up a refresh token
  auth: {
    scheme: 'oauth2',
    grant: 'password',
    tokenUrl: '{baseUrl}/o/token/',
    username: 'username',
    password: 'password',
    clientId: 'clientId',
    clientSecret: 'clientSecret',
    refresh: false,
  },
  otherAuth: [{ scheme: 'bearer', token: 'apiKey' }],
  // the limits are unpublished; a refusal says how long to wait in `Retry-After`
  rateLimit: { requests: 100, per: '1m', concurrency: 4 },
  // slugs of reports are the same in each brand, and ids are not
  lookups: {
    reservationsReport: {
      path: '/api/table_reports',
      query: { page_size: 500 },
      records: 'data',
      where: { 'attributes.slug': 'reservations' },
      value: 'id',
    },
  },
  entities: [customers, classSessions, bookings, orders, memberships],
  rollups: [dailyMetrics],
  aliases,
});
