import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ConnectParts, createJourneys } from './connect/journeys';
import { page } from './connect/page';
import { limitRequests } from './limit';

export type { ConnectParts } from './connect/journeys';

/** the browser that began; it comes back with the person and is deleted then */
const cookie = 'tidemark_connect';

/**
 * The pages at which a person authorizes a connection: `/connect/<token>`, which says what is asked; `/connect/<token>/start`, which
 * leads to the source; and `/connect/callback`, where the source sends the person back to. Whoever has the token can authorize, once.
 */
export async function connectRoutes(app: FastifyInstance, parts: ConnectParts): Promise<void> {
  await limitRequests(app, undefined, parts.requestsPerMinute ?? 60);
  const journeys = createJourneys(parts);

  app.get('/connect/callback', async (request, reply) => {
    const response = queryOf(request);
    const ended = await journeys.end(response, cookieOf(request));
    reply.header('set-cookie', `${cookie}=; Path=/connect; HttpOnly; SameSite=Lax; Max-Age=0`);
    return send(reply, ended.status, page(ended.title, [ended.text]));
  });

  app.get<{ Params: { token: string } }>('/connect/:token', async ({ params }, reply) => {
    const found = await journeys.find(params.token);
    if (found === undefined) return send(reply, 404, gone);
    const text = `Tidemark asks to read the account of connection ${found.connectionId} (${found.connector}). You sign in at ${found.host}.`;
    return send(
      reply,
      200,
      page('Connect your account', [text], { href: `/connect/${params.token}/start`, text: 'Continue' }),
    );
  });

  app.get<{ Params: { token: string } }>('/connect/:token/start', async ({ params }, reply) => {
    const begun = await journeys.begin(params.token);
    if (begun === undefined) return send(reply, 404, gone);
    const secure = begun.secure ? '; Secure' : '';
    reply.header(
      'set-cookie',
      `${cookie}=${begun.browser}; Path=/connect; HttpOnly; SameSite=Lax; Max-Age=3600${secure}`,
    );
    return reply.redirect(begun.address.href, 302);
  });
}

const gone = page('This page cannot be used', [
  'It was used already, has expired, or another one replaced it. Ask for a new one.',
]);

function send(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(request.url.split('?', 2)[1] ?? '');
}

function cookieOf({ headers }: FastifyRequest): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('=', 2));
  return pairs.find(([name]) => name === cookie)?.[1] ?? '';
}
