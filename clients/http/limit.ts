import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { ProblemError, problem } from './problem';

/** Requests that one address may send in a minute: more than people and scripts need, too few to guess a key. */
export const requestsPerMinute = 600;

/** Bounds how often the routes of this scope are asked, also by who has no key. Call it before `requireKey`. */
export async function limitRequests(app: FastifyInstance, atMost = requestsPerMinute): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    max: atMost,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { ttl }) => {
      const seconds = Math.ceil(ttl / 1000);
      const detail = `More than ${atMost} requests in a minute from this address. Try again in ${seconds} s.`;
      return new ProblemError({ ...problem(429, 'TooManyRequests', 'Too many requests', detail), retryAfter: seconds });
    },
  });
  app.addHook('onRequest', app.rateLimit());
}
