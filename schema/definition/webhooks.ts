import { z } from 'zod';
import { duration } from '../duration';
import { secretName } from './secretName';

/**
 * How a delivery proves that the source sent it: an HMAC, compared in constant time over the raw bytes.
 * @example
 * {
 *   over: 'id.timestamp.body',
 *   algorithm: 'sha256',
 *   encoding: 'base64',
 *   header: 'webhook-signature',
 *   prefix: 'v1,',
 *   separator: ' ',
 *   timestampHeader: 'webhook-timestamp',
 *   idHeader: 'webhook-id',
 *   tolerance: '5m',
 *   secret: 'webhookSecret',
 *   secretEncoding: 'base64',
 * }
 */
export const webhookSignature = z
  .strictObject({
    /** What the HMAC is computed over: the raw body, `<timestamp>.<body>`, or `<id>.<timestamp>.<body>` as in Standard Webhooks. */
    over: z.enum(['body', 'timestamp.body', 'id.timestamp.body']).default('body'),
    /** The hash function of the HMAC. */
    algorithm: z.enum(['sha256', 'sha1', 'sha512']).default('sha256'),
    /** How the header writes the signature. */
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** The header that carries the signature. Upper and lower case are equal. */
    header: z.string().min(1).toLowerCase(),
    /** Text in front of the signature in that header, such as `sha256=`. */
    prefix: z.string().default(''),
    /** The text between several signatures in one header, of which each is tried. Without it, the header holds one signature. */
    separator: z.string().optional(),
    /** The header that carries the time of the delivery in seconds since 1970. Needed where `over` contains a timestamp. */
    timestampHeader: z.string().toLowerCase().optional(),
    /** The header that carries the id of the delivery. Needed where `over` contains an id. */
    idHeader: z.string().toLowerCase().optional(),
    /** A delivery whose timestamp differs from the present by more than this is refused. */
    tolerance: duration.default('5m'),
    /** The name of the secret that keys the HMAC. While one secret replaces another, its value may hold several, one per line. */
    secret: secretName,
    /** `base64` where the secret is base64 with an optional `whsec_` in front; `utf8` where its text is the key. */
    secretEncoding: z.enum(['utf8', 'base64']).default('utf8'),
  })
  .refine(({ over, timestampHeader }) => over === 'body' || timestampHeader !== undefined, {
    error: 'missing: the signature is over a timestamp',
    path: ['timestampHeader'],
  })
  .refine(({ over, idHeader }) => over !== 'id.timestamp.body' || idHeader !== undefined, {
    error: 'missing: the signature is over an id',
    path: ['idHeader'],
  });
export type WebhookSignature = z.infer<typeof webhookSignature>;
export type WebhookSignatureInput = z.input<typeof webhookSignature>;

/** What `webhooks.events` returns per event. A delivery is trusted only for which record it is about: the engine always fetches the record itself. */
export interface WebhookEvent {
  /** The source's id of this event, by which repeated deliveries are recognised. Where there is none, the engine uses a hash of the body. */
  readonly eventId?: string | undefined;
  /** The source's name of the event, such as `people.v2.events.person.updated`. */
  readonly type: string;
  /** The entity that the event is about. Leave it out for event types that the connector does not know: they are stored and acknowledged. */
  readonly entity?: string | undefined;
  /** The id of the record that the event is about, as the entity's `key` writes it. */
  readonly id?: string | undefined;
}

/** What `webhooks.events` receives: one delivery whose signature has been verified. */
export interface WebhookDelivery {
  /** The parsed JSON body. */
  readonly body: unknown;
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface WebhookRules {
  readonly signature: WebhookSignature;
  /** the status that tells the source "I have it": 202, or 200 for sources that take every other status for a failure */
  readonly acknowledge: 200 | 202;
  /** Reads the events out of a delivery. Throws when the body is not one of this source's. */
  readonly events: (delivery: WebhookDelivery) => WebhookEvent[];
}
