import { z } from 'zod';
import { identifier } from './definition/identifier';
import { businessHours, scheduleOverride, timeZone } from './definition/schedule';

/** One account (tenant, workspace) of a connector. Its secrets are kept apart and encrypted. */
export const connection = z.strictObject({
  /** chosen by the operator: `demo`, `grace-church` */
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, {
    error: 'must contain only lower-case letters, digits, dots, dashes and underscores, 63 at most',
  }),
  connector: identifier,
  /** checked by the connector's own settings schema; holds `baseUrl` */
  settings: z.record(z.string(), z.json()),
  timeZone: timeZone.default('UTC'),
  businessHours: businessHours.nullable().default(null),
  /** overrides of the entities' schedules, by entity */
  schedules: z.record(z.string(), scheduleOverride).default({}),
  enabled: z.boolean().default(true),
});
export type Connection = z.infer<typeof connection>;
