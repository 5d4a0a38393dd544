import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { InboxEvent } from '../../destination/inbox/inbox';
import { TidemarkError } from '../../schema/errors';
import { eventsOf } from '../webhooks/delivery';
import type { Dispatcher } from '../webhooks/dispatch';
import type { Endpoint } from '../webhooks/endpoints';
import type { InboxWriter } from '../webhooks/inboxWriter';
import { verifySignature } from '../webhooks/signature';
import { problem, sendProblem } from './problem';

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
 * An unknown connection is answered with 404 and a wrong signature with 401, which tells a prober which names exist: the
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
}

async function receive(
  { endpoints, writer, dispatcher }: WebhookParts,
  request: FastifyRequest<{ Params: { connection: string }; Body: Buffer | undefined }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connection } = request.params;
  const endpoint = await found(endpoints, connection);
  if (endpoint === undefined) return sendProblem(reply, unknownConnection(connection));

  const delivery = { headers: request.headers, body: request.body ?? Buffer.alloc(0) };
  const verdict = verifySignature(endpoint.rules.signature, endpoint.keys, delivery, Date.now());
  if (verdict !== 'valid') {
    request.log.warn({ connection, verdict, keys: endpoint.keys.length }, 'a webhook is not signed as it should be');
    return sendProblem(reply, refused(verdict, endpoint));
  }
  if (!isJson(request.headers)) {
    const type = problem(
      415,
      'ForeignContentType',
      'Not JSON',
      'Webhooks are taken as application/json in UTF-8, not compressed.',
    );
    return sendProblem(reply, type);
  }
  const text = decoded(delivery.body);
  const body = text === undefined ? undefined : parsed(text);
  if (text === undefined || body === undefined) {
    return sendProblem(
      reply,
      problem(400, 'MalformedBody', 'Malformed JSON', 'The body is signed, but it is no JSON in UTF-8.'),
    );
  }

  const events = eventsOf(endpoint, { headers: request.headers, text, body: body.json });
  const stored = await writer.store(events);
  if (!stored) return sendProblem(reply, unknownConnection(connection));
  wake(endpoint, events, dispatcher);
  for (const { unreadable } of events) {
    if (unreadable !== undefined) request.log.warn({ connection, reason: unreadable }, 'a webhook was parked');
  }
  return reply.code(endpoint.rules.acknowledge).send();
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
  events: readonly InboxEvent[],
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

function refused(verdict: 'missing' | 'wrong' | 'stale', { connectionId, rules: { signature } }: Endpoint) {
  const headers = [signature.header, signature.timestampHeader, signature.idHeader].filter(
    (name) => name !== undefined,
  );
  const details = {
    missing: `The delivery lacks ${headers.length === 1 ? `header ${headers[0]}` : `one of the headers ${headers.join(', ')}`}.`,
    wrong: `The signature in header ${signature.header} is not one by the webhook secret of connection '${connectionId}'.`,
    stale: `The signature is right, but its timestamp is more than ${signature.tolerance} away from now: an old delivery, or clocks apart.`,
  };
  return problem(401, 'SignatureRefused', 'Not signed by the source', details[verdict]);
}

function isJson(headers: FastifyRequest['headers']): boolean {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return false;
  const type = headers['content-type'];
  // some sources leave it out
  if (type === undefined || type === '') return true;
  return (
    /^application\/([a-z0-9.-]+\+)?json\s*(;\s*charset="?utf-?8"?\s*)?(;.*)?$/i.test(type) &&
    !/charset=(?!"?utf-?8)/i.test(type)
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function parsed(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
