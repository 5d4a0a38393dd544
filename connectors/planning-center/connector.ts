import { z } from 'zod';
import { defineConnector } from '../../schema';
import { donations } from './donations';
import { people } from './people';
import { webhookEvents } from './webhooks';

/**
 * Planning Center: https://api.planningcenteronline.com/docs. What the documentation says and leaves open, with the
 * page for each rule, is in README.md next to this file.
 */
export const planningCenter = defineConnector({
  name: 'planning_center',
  settings: z.object({ baseUrl: z.url().default('https://api.planningcenteronline.com') }),
  secrets: z.object({
    /** of a personal access token, made at https://api.planningcenteronline.com/personal_access_tokens */
    appId: z.string().min(1),
    secret: z.string().min(1),
    /** the webhook subscriptions' authenticity secrets, one a line: each subscription has its own */
    webhookSecret: z.string().min(1).optional(),
  }),
  auth: { scheme: 'basic', username: 'appId', password: 'secret' },
  rateLimit: { requests: 100, per: '20s' },
  // a version header means the newest version that is not newer, so one date serves every product
  headers: { 'X-PCO-API-Version': '2025-11-10' },
  webhooks: {
    signature: { header: 'X-PCO-Webhooks-Authenticity', secret: 'webhookSecret' },
    // "anything other than a 200 status" is tried again for days, and then the subscription is deactivated (overview/webhooks)
    acknowledge: 200,
    events: webhookEvents,
  },
  entities: [people, donations],
});
