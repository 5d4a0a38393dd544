import { strategies } from '../../../schema/workflows';
import type { Z } from '../definition/fields';
import { agreedOrLater, instant } from '../definition/schemas';

/** a connection, without its secrets */
export function connection(z: Z) {
  const interval = z.object({ every: z.string() });
  return z.object({
    id: z.string(),
    connector: z.string(),
    settings: z.record(z.string(), z.unknown()).describe('as the connector declares them; never secrets'),
    timeZone: z.string(),
    businessHours: z.object({ from: z.string(), to: z.string(), days: z.array(z.int()) }).nullable(),
    schedules: z
      .record(
        z.string(),
        z.object({
          delta: interval.optional(),
          reconciliation: z.union([z.object({ at: z.string() }), interval, z.literal(false)]).optional(),
          paused: z.partialRecord(z.enum(strategies), z.string()).optional().describe('why an operator paused it'),
        }),
      )
      .describe("by entity, in place of the connector's"),
    enabled: z.boolean(),
    needsCredentialsSince: instant(z)
      .nullable()
      .describe(
        'since when its source accepts none of its credentials, so that nothing is synced until it is given others',
      ),
    needsCredentialsBecause: z.string().nullable().describe('what the source said, without secrets'),
    createdAt: instant(z),
    updatedAt: instant(z),
  });
}

/** a connection that was made or changed */
export function saved(z: Z) {
  return z.object({
    created: z.boolean(),
    connection: connection(z),
    secrets: z.array(z.string()).describe('the names of the secrets that are stored'),
    ...agreedOrLater(z),
  });
}
