import { z } from 'zod';

/** The name of one of the connection's secrets, as declared in the connector's `secrets`. */
const secretName = z.string().min(1);

/**
 * How requests prove who they are. Values are names of secrets, never the secrets.
 * A further grant is a variant here and a file in `source/auth/`.
 */
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
