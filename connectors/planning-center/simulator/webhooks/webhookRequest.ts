import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { organization } from '../resources';

/** Something that happened, before it is wrapped and signed. */
export interface WebhookEvent {
  readonly eventId: string;
  readonly number: number;
  readonly name: string;
  readonly recordId: string;
  readonly payload: string;
  readonly time: string;
}

/** Posts an event, signed, and returns the status of the answer. Rejects when there was none within 30 s. */
export function postEvent(
  event: WebhookEvent,
  attempt: number,
  target: { readonly url?: string | undefined; readonly secret: string },
): Promise<number> {
  const body = deliveryBody(event, attempt);
  const url = new URL(target.url ?? '');
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method: 'POST', timeout: 30_000, headers: deliveryHeaders(event, body, target.secret) },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer within 30 s')));
    request.once('error', reject);
    request.end(body);
  });
}

/** The envelope people received in 2024 (planningcenter/developers issue 1156). */
function deliveryBody(event: WebhookEvent, attempt: number): string {
  return JSON.stringify({
    data: [
      {
        id: event.eventId,
        type: 'EventDelivery',
        attributes: { name: event.name, attempt, payload: event.payload },
        relationships: { organization: { data: organization } },
      },
    ],
  });
}

/** `X-PCO-Webhooks-Authenticity`: HMAC-SHA256 of the body under the subscription's secret, in hex (docs: webhook_subscription). */
function deliveryHeaders(event: WebhookEvent, body: string, secret: string): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-PCO-Webhooks-Event-ID': String(event.number),
    'X-PCO-Webhooks-Event': event.eventId,
    'X-PCO-Webhooks-Name': event.name,
    'X-PCO-Webhooks-Event-Time': event.time,
    'X-PCO-Webhooks-Authenticity': createHmac('sha256', secret).update(body).digest('hex'),
  };
}
