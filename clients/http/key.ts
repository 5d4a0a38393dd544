import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TidemarkError } from '../../schema/errors';
import { problem, sendProblem } from './problem';

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** Throws TidemarkError 'Usage' when others could reach the API without a key. */
export function assertKeyed(apiKey: string | undefined, host: string): void {
  if (apiKey !== undefined || isLoopback(host)) return;
  throw new TidemarkError(
    'Usage',
    `TIDEMARK_API_KEY is not set, but HOST=${host} lets others reach the API: set it (make one with 'openssl rand -hex 32'), or leave HOST at 127.0.0.1`,
  );
}

/**
 * Lets only those in who send `Authorization: Bearer <TIDEMARK_API_KEY>`. Without a key, which is allowed on this machine
 * only, the Host header must name this machine, so that a web page can't reach the API through a name of its own.
 */
export function requireKey(app: FastifyInstance, apiKey: string | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    if (apiKey === undefined) {
      // the Host itself: what a proxy says of it, any page can say too
      if (isLoopback(hostOf(request.headers.host))) return;
      return sendProblem(
        reply,
        problem(
          401,
          'KeyRequired',
          'Not this machine',
          'Without TIDEMARK_API_KEY the API answers to 127.0.0.1 and localhost only.',
        ),
      );
    }
    if (hasKey(request, apiKey)) return;
    reply.header('www-authenticate', 'Bearer');
    return sendProblem(
      reply,
      problem(
        401,
        'KeyRequired',
        'Key required',
        'Send the header "Authorization: Bearer <key>" with the value of TIDEMARK_API_KEY.',
      ),
    );
  });
}

/** Whether a request carries the key. */
export function hasKey({ headers }: FastifyRequest, apiKey: string): boolean {
  const given = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
  return given !== undefined && sameText(given, apiKey);
}

function hostOf(header: string | undefined): string {
  const url = `http://${header ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/** In constant time, also for texts of different lengths. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
