import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { webhookSecret } from '../connector';
import { idOf } from '../source/records';

const agent = new Agent({ keepAlive: true, maxSockets: 128 });

/** Sends one signed webhook about a record; resolves with the status of its acknowledgement. */
export function deliver(url: string, event: string, index: number): Promise<number> {
  const body = JSON.stringify({ event, id: idOf(index) });
  const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        agent,
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          'X-Signature': signature,
        },
      },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
