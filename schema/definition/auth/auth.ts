import { z } from 'zod';
import { oauth2 } from './oauth2';
import { secretName } from './secretName';

/**
 * How requests prove who they are. Fields that are secret hold the *name* of a secret, which is declared in the connector's
 * `secrets` and given per connection by `tidemark connect`; a definition never contains the secret itself.
 */
// A further scheme is a variant here, whose secrets are fields of type `secretName`, and a file in `source/auth/`.
export const auth = z.discriminatedUnion('scheme', [
  /**
   * Requests carry no credentials.
   * @example
   * { scheme: 'none' }
   */
  z.strictObject({ scheme: z.literal('none') }),
  /**
   * HTTP Basic (RFC 7617), in UTF-8.
   * @example
   * { scheme: 'basic', username: 'appId', password: 'appSecret' }
   */
  z.strictObject({
    scheme: z.literal('basic'),
    /** The name of the secret that holds the user name. */
    username: secretName,
    /** The name of the secret that holds the password. */
    password: secretName,
  }),
  /**
   * A token in `Authorization: Bearer …` (RFC 6750).
   * @example
   * { scheme: 'bearer', token: 'token' }
   */
  z.strictObject({
    scheme: z.literal('bearer'),
    /** The name of the secret that holds the token. */
    token: secretName,
  }),
  /**
   * A key in a header or query parameter of the API's own.
   * @example
   * { scheme: 'apiKey', in: 'header', name: 'X-Api-Key', key: 'apiKey', prefix: 'Token ' }
   */
  z.strictObject({
    scheme: z.literal('apiKey'),
    /** Where the key is sent. In a query it is removed from page links before these are stored. */
    in: z.enum(['header', 'query']),
    /** The name of the header or query parameter. */
    name: z.string().min(1),
    /** The name of the secret that holds the key. */
    key: secretName,
    /** Text in front of the key, in a header. */
    prefix: z.string().default(''),
  }),
  oauth2,
]);
export type Auth = z.infer<typeof auth>;
export type AuthInput = z.input<typeof auth>;
