import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { hasKey } from './key';
import { ProblemError, problem } from './problem';

/** Requests that who has the key, and each address that has none, may send in a minute: more than people and scripts need. */
export const requestsPerMinute = 600;

/**
 * Bounds how often the routes of this scope are asked, also by who has no key. Those with the key are counted apart from everybody else,
 * so that no flood of requests without it locks them out, not even from the same address; and `/metrics` apart from the rest, so that a
 * script that asks too often does not hide from monitoring. Call it before `requireKey`.
 */
export async function limitRequests(
  app: FastifyInstance,
  apiKey: string | undefined,
  atMost = requestsPerMinute,
): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    max: atMost,
    timeWindow: 60_000,
    keyGenerator: (request) => {
      if (apiKey === undefined || !hasKey(request, apiKey)) return `address ${request.ip}`;
      return request.routeOptions.url === '/metrics' ? 'key for metrics' : 'key';
    },
    errorResponseBuilder: (request, { ttl }) => {
      const seconds = Math.ceil(ttl / 1000);
      const whose = apiKey !== undefined && hasKey(request, apiKey) ? 'with this key' : 'from this address';
      const detail = `More than ${atMost} requests in a minute ${whose}. Try again in ${seconds} s.`;
      return new ProblemError({ ...problem(429, 'TooManyRequests', 'Too many requests', detail), retryAfter: seconds });
    },
  });
  app.addHook('onRequest', app.rateLimit());
}
