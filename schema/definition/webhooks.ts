import { z } from 'zod';
import { duration } from '../duration';
import { secretName } from './auth/secretName';

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
    /** What the HMAC is computed over: the raw body, `<timestamp>.<body>`, `<id>.<timestamp>.<body>` as in Standard Webhooks, or a template of `{timestamp}`, `{id}` and `{body}`, such as `v0:{timestamp}:{body}`. */
    over: z
      .union([
        z.enum(['body', 'timestamp.body', 'id.timestamp.body']),
        z.templateLiteral([z.string(), '{body}', z.string()], {
          error: "must hold {body}, such as 'v0:{timestamp}:{body}'",
        }),
      ])
      .default('body'),
    /** The hash function of the HMAC; `shared-secret` where the header carries the secret itself. */
    algorithm: z.enum(['sha256', 'sha1', 'sha512', 'shared-secret']).default('sha256'),
    /** How the header writes the signature. */
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** The header that carries the signature. Upper and lower case are equal. It may be left out only with `verify`. */
    header: z.string().min(1).toLowerCase().optional(),
    /** Text in front of the signature in that header, such as `sha256=`. */
    prefix: z.string().default(''),
    /** The text between several signatures in one header, of which each is tried. Without it, the header holds one signature. */
    separator: z.string().optional(),
    /** For a header of `name=value` pairs, such as Stripe's `t=1492774577,v1=5257,v1=6ffb`: the names of the signatures and of the timestamp. Pairs are separated by `separator`, or else by commas, and each signature of that name is tried. */
    fields: z
      .strictObject({
        /** The name of the signatures. */
        signature: z.string().min(1),
        /** The name of the timestamp. */
        timestamp: z.string().min(1).optional(),
      })
      .optional(),
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
    /** A check of your own, for what the other options cannot say. It replaces all of them but `secret`. What it throws counts as false. */
    verify: z
      .custom<VerifyDelivery>((value) => typeof value === 'function', { error: 'must be a function' })
      .optional(),
  })
  .refine(({ header, verify }) => header !== undefined || verify !== undefined, {
    error: 'missing: name the header that carries the signature, or give a verify function',
    path: ['header'],
  })
  .refine(
    ({ over, timestampHeader, fields }) =>
      !signs(over, 'timestamp') || (timestampHeader ?? fields?.timestamp) !== undefined,
    { error: 'missing: the signature is over a timestamp', path: ['timestampHeader'] },
  )
  .refine(({ over, idHeader }) => !signs(over, 'id') || idHeader !== undefined, {
    error: 'missing: the signature is over an id',
    path: ['idHeader'],
  });

/** A signature's `over` as a template. */
export function signedTemplate(over: string): string {
  return over.includes('{') ? over : over.replace(/\w+/g, (name) => `{${name}}`);
}

function signs(over: string, name: 'timestamp' | 'id'): boolean {
  return signedTemplate(over).includes(`{${name}}`);
}

/** What `signature.verify` receives: a delivery of which nothing is verified yet. */
export interface UnverifiedDelivery {
  /** The headers, by lower-case name. */
  readonly headers: WebhookDelivery['headers'];
  /** The raw bytes. */
  readonly body: Uint8Array;
  /** The webhook secrets: several while one replaces another. */
  readonly secrets: readonly string[];
}

export type VerifyDelivery = (delivery: UnverifiedDelivery) => boolean | Promise<boolean>;

/** What `webhooks.handshake` receives: a request by which a source may test the address. */
export interface Handshake {
  readonly method: 'GET' | 'POST';
  /** The parameters of the address. */
  readonly query: Readonly<Record<string, string>>;
  /** The headers, by lower-case name. */
  readonly headers: WebhookDelivery['headers'];
  /** The parsed body of a verified delivery; undefined for all others, since nothing unsigned is parsed. */
  readonly body: unknown;
  /** The webhook secrets: several while one replaces another. */
  readonly secrets: readonly string[];
}

/** A response that a source wants to read. */
export interface WebhookReply {
  /** At most 4,096 characters. */
  readonly body: string;
  /** The status, 200 unless it says otherwise. */
  readonly status?: number | undefined;
  /** The type of the body, `text/plain` unless it says otherwise. */
  readonly contentType?: 'text/plain' | 'application/json' | undefined;
}
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
  /** The parsed body: JSON, or with `bodies: 'form'` an object of texts, with a list where a name comes twice. */
  readonly body: unknown;
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface WebhookRules {
  /** what an acknowledgement says; default nothing */
  readonly acknowledgement?: WebhookReply | undefined;
  /** default `json` */
  readonly bodies?: 'json' | 'form' | undefined;
  /** called for each GET, for a POST with a query before its signature is checked, and for every verified delivery; nothing is stored */
  readonly handshake?: ((request: Handshake) => WebhookReply | undefined) | undefined;
  readonly signature: WebhookSignature;
  /** the status that tells the source "I have it": 202, or 200 for sources that take every other status for a failure */
  readonly acknowledge: 200 | 202;
  /** Reads the events out of a delivery. Throws when the body is not one of this source's. */
  readonly events: (delivery: WebhookDelivery) => WebhookEvent[];
}
