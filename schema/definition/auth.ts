import { z } from 'zod';
import { secretName } from './secretName';

/**
 * How requests prove who they are. Fields that are secret hold the *name* of a secret, which is declared in the connector's
 * `secrets` and given per connection by `tidemark connect`; a definition never contains the secret itself.
 */
// A further scheme is a variant here, whose secrets are fields of type `secretName`, and a file in `source/auth/`.
export const auth = z.discriminatedUnion('scheme', [
  z.strictObject({ scheme: z.literal('none') }),
  z.strictObject({ scheme: z.literal('basic'), username: secretName, password: secretName }),
  z.strictObject({ scheme: z.literal('bearer'), token: secretName }),
  z.strictObject({
    scheme: z.literal('apiKey'),
    in: z.enum(['header', 'query']),
    name: z.string().min(1),
    key: secretName,
    /** put before the key in a header, such as `Token ` */
    prefix: z.string().default(''),
  }),
]);
export type Auth = z.infer<typeof auth>;
export type AuthInput = z.input<typeof auth>;
