import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TidemarkError } from '../../../schema/errors';
import { readBody } from '../../webhooks/bodies';
import { checkDelivery, type DeliveryVerdict } from '../../webhooks/check';
import { eventsOf } from '../../webhooks/delivery';
import type { Dispatcher } from '../../webhooks/dispatch';
import type { Endpoint } from '../../webhooks/endpoints';
import type { InboxWriter } from '../../webhooks/inboxWriter';

import { problem, sendProblem } from '../problem';
import { handshakeReply, sendReply } from './webhookReply';

export interface WebhookParts {
  readonly endpoints: { find(connectionId: string): Promise<Endpoint | undefined> };
  readonly writer: InboxWriter;
  readonly dispatcher: Dispatcher;
  /** largest body in bytes; default 1 MiB */
  readonly bodyLimit?: number | undefined;
}

/**
 * `POST /webhooks/<connection>`: verify on the raw bytes, store, acknowledge, and only then have it processed.
 *
 * An unknown connection is answered with 404 and a wrong signature with 401, which shows a prober which names exist: the
 * names are no secret, and an operator who mistyped one must see it. What a prober can't do is make us ask PostgreSQL for
 * each guess more than once in a few seconds, or have a body parsed that is not signed.
 */
export function webhookRoute(app: FastifyInstance, parts: WebhookParts): void {
  // the signature is over the bytes as they came, whatever they claim to be
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post<{ Params: { connection: string }; Body: Buffer | undefined }>(
    '/webhooks/:connection',
    { bodyLimit: parts.bodyLimit ?? 1024 * 1024 },
    (request, reply) => receive(parts, request, reply),
  );
  app.get<{ Params: { connection: string } }>('/webhooks/:connection', async (request, reply) => {
    const { connection } = request.params;
    const endpoint = await found(parts.endpoints, connection);
    const asked = endpoint && handshakeReply(endpoint, request, undefined);
    if (asked !== undefined) return sendReply(reply, asked);
    if (endpoint === undefined) return sendProblem(reply, unknownConnection(connection));
    reply.header('allow', 'POST');
    return sendProblem(
      reply,
      problem(
        405,
        'MethodNotAllowed',
        'Method not allowed',
        'Webhooks are sent with POST; this connector knows no such handshake.',
      ),
    );
  });
}

async function receive(
  { endpoints, writer, dispatcher }: WebhookParts,
  request: FastifyRequest<{ Params: { connection: string }; Body: Buffer | undefined }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connection } = request.params;
  const endpoint = await found(endpoints, connection);
  if (endpoint === undefined) return sendProblem(reply, unknownConnection(connection));

  const asked =
    new URL(request.url, 'http://here').search !== '' ? handshakeReply(endpoint, request, undefined) : undefined;
  if (asked !== undefined) return sendReply(reply, asked);
  const delivery = { headers: request.headers, body: request.body ?? Buffer.alloc(0) };
  const verdict = await checkDelivery(endpoint, delivery, Date.now());
  if (verdict !== 'valid') {
    const keys = endpoint.keys.length;
    request.log.warn(
      { connection, verdict, keys },
      verdict === 'no-secret'
        ? 'a webhook came for a connection without webhook secret'
        : 'a webhook is not signed as it should be',
    );
    return sendProblem(reply, refused(verdict, endpoint));
  }
  const { bodies } = endpoint.rules;
  const read = readBody(bodies, request.headers, delivery.body);
  if (read.kind === 'foreign-type') {
    const types = bodies === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
    return sendProblem(
      reply,
      problem(
        415,
        'ForeignContentType',
        'Foreign content type',
        `Webhooks are taken as ${types} in UTF-8, not compressed.`,
      ),
    );
  }
  if (read.kind === 'malformed') {
    return sendProblem(
      reply,
      problem(400, 'MalformedBody', 'Malformed body', 'The body is signed, but it is no JSON in UTF-8.'),
    );
  }
  const verified = handshakeReply(endpoint, request, read.value);
  if (verified !== undefined) return sendReply(reply, verified);

  const events = eventsOf(endpoint, { headers: request.headers, text: read.text, body: read.value });
  const stored = await writer.store(events);
  if (!stored) return sendProblem(reply, unknownConnection(connection));
  wake(endpoint, events, dispatcher);
  for (const { unreadable } of events) {
    if (unreadable !== undefined) request.log.warn({ connection, reason: unreadable }, 'a webhook was parked');
  }
  const { acknowledge, acknowledgement } = endpoint.rules;
  if (acknowledgement) return sendReply(reply, { status: acknowledge, ...acknowledgement });
  return reply.code(acknowledge).send();
}

/** A mistake in our own settings (a key that opens no secrets) is not the source's fault: it is to send again. */
async function found(endpoints: WebhookParts['endpoints'], connection: string): Promise<Endpoint | undefined> {
  try {
    return await endpoints.find(connection);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type === 'DestinationUnavailable') throw error;
    throw new TidemarkError('DestinationUnavailable', 'This server cannot verify webhooks for now: send it again', {
      cause: error,
    });
  }
}

function wake(
  { connectionId, connector, enabled }: Endpoint,
  events: ReturnType<typeof eventsOf>,
  dispatcher: Dispatcher,
): void {
  if (!enabled) return;
  for (const { entity: name, id } of events) {
    const entity = name === null ? undefined : connector.entities.get(name);
    if (entity !== undefined && id !== null && id !== '')
      dispatcher.wake(entity, { connectionId, entity: entity.name, id });
  }
}

function unknownConnection(name: string) {
  const shown = JSON.stringify(name.slice(0, 63));
  return problem(
    404,
    'NotFound',
    'Unknown connection',
    `No connection ${shown} takes webhooks here: 'tidemark connections' lists those there are.`,
  );
}

function refused(verdict: Exclude<DeliveryVerdict, 'valid'>, { connectionId, rules: { signature } }: Endpoint) {
  if (verdict === 'no-secret') {
    return problem(
      401,
      'NoWebhookSecret',
      'No webhook secret',
      `Connection '${connectionId}' has no webhook secret, so nothing can be verified: set it with 'tidemark connections rotate-secret ${connectionId} ${signature.secret}'.`,
    );
  }
  const own = signature.header === undefined ? "The connector's own check" : undefined;
  const headers = [signature.header, signature.timestampHeader, signature.idHeader].filter(
    (name) => name !== undefined,
  );
  const details = {
    missing: `The delivery lacks ${headers.length === 1 ? `header ${headers[0]}` : `one of the headers ${headers.join(', ')}`}.`,
    wrong: `${own ?? `The signature in header ${signature.header}`} does not match the webhook secret of connection '${connectionId}'.`,
    stale: `The signature is right, but its timestamp is more than ${signature.tolerance} away from now: an old delivery, or clocks apart.`,
  };
  return problem(401, 'SignatureRefused', 'Not signed by the source', details[verdict]);
}
