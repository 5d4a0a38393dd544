import { z } from 'zod';
import { duration } from '../duration';
import { secretName } from './secretName';

/** How a delivery proves that the source sent it. Compared in constant time on the raw bytes. */
export const webhookSignature = z
  .strictObject({
    /** what the HMAC is computed over: the raw body, `<timestamp>.<body>`, or Standard Webhooks' `<id>.<timestamp>.<body>` */
    over: z.enum(['body', 'timestamp.body', 'id.timestamp.body']).default('body'),
    algorithm: z.enum(['sha256', 'sha1', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** the header that carries the signature */
    header: z.string().min(1).toLowerCase(),
    /** what stands before the signature in that header, such as `sha256=` or `v1,` */
    prefix: z.string().default(''),
    /** several signatures in one header are separated by this; each is tried (Standard Webhooks: a space) */
    separator: z.string().optional(),
    timestampHeader: z.string().toLowerCase().optional(),
    idHeader: z.string().toLowerCase().optional(),
    /** deliveries whose timestamp is further away than this are refused */
    tolerance: duration.default('5m'),
    /** the name of the secret; its value may hold several secrets, one a line, while one replaces another */
    secret: secretName,
    /** `base64` where the secret itself is base64, with an optional `whsec_` before it */
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

/** What a delivery is trusted for: which record, and what to call the event. The record itself is always fetched. */
export interface WebhookEvent {
  /** the source's id of this event, by which doubled deliveries are recognised; the engine hashes the body where there is none */
  readonly eventId?: string | undefined;
  /** the source's name of the event, such as `people.v2.events.person.updated` */
  readonly type: string;
  /** the entity it is about; absent for event types that the connector does not know: they are stored and acknowledged */
  readonly entity?: string | undefined;
  /** the record it is about */
  readonly id?: string | undefined;
}

export interface WebhookDelivery {
  /** the parsed JSON body */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface WebhookRules {
  readonly signature: WebhookSignature;
  /** the status that tells the source "I have it": 202, or 200 for sources that take every other status for a failure */
  readonly acknowledge: 200 | 202;
  /** Reads the events out of a delivery. Throws when the body is not one of this source's. */
  readonly events: (delivery: WebhookDelivery) => WebhookEvent[];
}
