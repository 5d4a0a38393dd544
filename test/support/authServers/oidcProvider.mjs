// oidc-provider as a process of its own, with people at /people for whoever sends a token that it knows. Refresh tokens rotate, and one
// that is used twice revokes the whole grant.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = probe.address();
    probe.close(() => resolve(free));
  });
});
const issuer = `http://127.0.0.1:${port}`;
const client = {
  client_id: 'tidemark',
  client_secret: 'a-secret+of/the client',
  redirect_uris: [process.argv[2] ?? 'http://127.0.0.1/callback'],
  grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
};
const provider = new Provider(issuer, {
  clients: [
    { ...client, token_endpoint_auth_method: 'client_secret_basic' },
    { ...client, client_id: 'by-body', token_endpoint_auth_method: 'client_secret_post' },
  ],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: true } },
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 900,
    ClientCredentials: 900,
    RefreshToken: 86_400,
    Grant: 86_400,
    Session: 3_600,
    Interaction: 600,
  },
  cookies: { keys: ['a key of a test'] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
const handle = provider.callback();

/** The first refresh token of an account, as a person would get it in a browser. */
async function firstRefreshToken() {
  const grant = new provider.Grant({ accountId: 'ada', clientId: client.client_id });
  grant.addOIDCScope('openid offline_access');
  const token = new provider.RefreshToken({
    accountId: 'ada',
    client: await provider.Client.find(client.client_id),
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: 'openid offline_access',
  });
  return token.save();
}

const json = (response, status, body) => {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
};

createServer(async (request, response) => {
  if (request.url === '/first-refresh-token') return json(response, 200, { token: await firstRefreshToken() });
  if (request.url !== '/people') return handle(request, response);
  const sent = (request.headers.authorization ?? '').replace('Bearer ', '');
  const token = (await provider.ClientCredentials.find(sent)) ?? (await provider.AccessToken.find(sent));
  if (!token?.isValid) return json(response, 401, { error: 'invalid_token' });
  return json(response, 200, [{ id: 1, name: 'Ada', updated_at: '2026-01-01T00:00:00Z' }]);
}).listen(port, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ issuer, baseUrl: issuer })}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
