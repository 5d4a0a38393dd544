import type { FastifyReply } from 'fastify';

/**
 * What every response carries: it is data for whoever asked just now, and no page. A browser neither guesses another type, nor keeps it,
 * nor shows it in a frame, nor runs anything of it, nor hands it to another site. A route that serves pages sets its own policy.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

export function setSecurityHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(securityHeaders)) reply.header(name, value);
}
