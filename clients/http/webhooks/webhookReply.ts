import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebhookReply } from '../../../schema/definition/webhooks';
import { messageOf } from '../../../schema/errors';
import type { Endpoint } from '../../webhooks/endpoints';

/** What a handshake echoes is short; more would be somebody using us as a mirror. */
const longestReply = 4_096;

/**
 * The connector's reply to a request that tests the address; undefined for all others. `body` is given only where it was verified.
 * A handshake that throws is none, and is logged: the request goes on as a delivery.
 */
export function handshakeReply(
  { rules, connectionId, secrets }: Endpoint,
  request: FastifyRequest,
  body: unknown,
): WebhookReply | undefined {
  if (!rules.handshake) return undefined;
  const query = Object.fromEntries(new URLSearchParams(request.url.split('?', 2)[1] ?? ''));
  const method = request.method === 'GET' ? 'GET' : 'POST';
  try {
    const found = rules.handshake({ method, query, headers: request.headers, body, secrets });
    return found === undefined || found.body.length > longestReply ? undefined : found;
  } catch (error) {
    request.log.warn({ connection: connectionId, reason: messageOf(error) }, 'a webhook handshake failed');
    return undefined;
  }
}

/** Never HTML: what is echoed comes from whoever asked, and the security headers keep a browser from taking it for a page. */
export function sendReply(
  reply: FastifyReply,
  { status = 200, body, contentType = 'text/plain' }: WebhookReply,
): FastifyReply {
  return reply.code(status).type(`${contentType}; charset=utf-8`).send(body);
}
