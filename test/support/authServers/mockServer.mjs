// oauth2-mock-server as a process of its own: tokens at /token, and people at /people for whoever sends one that it issued.
import { createServer } from 'node:http';
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
const live = new Set();

/** What an extra parameter `as` of the request makes of the response. */
const variants = {
  'text-lifetime': (response) => ({ ...response.body, expires_in: String(response.body.expires_in) }),
  'no-lifetime': ({ body: { expires_in: _, ...body } }) => body,
  'no-refresh-token': ({ body: { refresh_token: _, ...body } }) => body,
  'error-with-200': () => ({ error: 'invalid_grant' }),
};

server.service.on('beforeResponse', (response, request) => {
  const variant = variants[request.body.as];
  if (variant) response.body = variant(response);
  if (typeof response.body.access_token === 'string') live.add(response.body.access_token);
});
await server.start(0, '127.0.0.1');

const data = createServer((request, response) => {
  if (request.url === '/revoke') live.clear();
  const known = live.has((request.headers.authorization ?? '').replace('Bearer ', ''));
  response.writeHead(known || request.url === '/revoke' ? 200 : 401, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(known ? [{ id: 1, name: 'Ada', updated_at: '2026-01-01T00:00:00Z' }] : {}));
});
data.listen(0, '127.0.0.1', () => {
  const { port } = data.address();
  process.stdout.write(`${JSON.stringify({ issuer: server.issuer.url, baseUrl: `http://127.0.0.1:${port}` })}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
