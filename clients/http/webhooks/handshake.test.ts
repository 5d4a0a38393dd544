import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRules } from '../../../schema/definition/webhooks';
import { testConnector } from '../../../test/support/connector';
import { type TestServer, testServer, webhookSecret } from '../../../test/support/server';

/** Sources that ask for more than a signature over JSON and an empty acknowledgement. */
const [base] = [testConnector()];
const rules = base.webhooks as WebhookRules;
const like = (name: string, changes: Partial<WebhookRules>) => ({
  ...testConnector({ name }),
  webhooks: { ...rules, ...changes },
});

const slack = like('slack', {
  handshake: ({ body }) => {
    const { type, challenge } = (body ?? {}) as { type?: string; challenge?: string };
    return type === 'url_verification' && challenge !== undefined ? { body: challenge } : undefined;
  },
});
const graph = like('graph', {
  handshake: ({ method, query: { validationToken } }) =>
    method === 'POST' && validationToken !== undefined ? { body: validationToken } : undefined,
});
const meta = like('meta', {
  handshake: ({ method, query, secrets }) =>
    method === 'GET' && query['hub.mode'] === 'subscribe' && secrets.includes(query['hub.verify_token'] ?? '')
      ? { body: query['hub.challenge'] ?? '' }
      : undefined,
});
const clientState = like('client_state', {
  signature: {
    ...rules.signature,
    verify: ({ body, secrets }) => {
      const { state } = JSON.parse(body.toString()) as { state: string };
      return secrets.some((secret) => {
        const [a, b] = [state, secret].map((text) => createHmac('sha256', 'compare').update(text).digest());
        return a !== undefined && b !== undefined && timingSafeEqual(a, b);
      });
    },
  },
  events: ({ body }) => [{ type: 'updated', entity: 'customers', id: (body as { id: string }).id }],
});
const forms = like('forms', {
  bodies: 'form',
  acknowledge: 200,
  acknowledgement: { body: '<Response/>', contentType: 'text/plain' },
  events: ({ body }) => [{ type: 'updated', entity: 'customers', id: String((body as { id: string }).id) }],
});
const throwing = like('throwing', {
  handshake: () => {
    throw new Error('a mistake of the author');
  },
});

let t: TestServer;
beforeAll(async () => {
  const connectors = [slack, graph, meta, clientState, forms, throwing];
  t = await testServer({ connectors: [base, ...connectors] });
  for (const { name } of connectors) await t.addConnection(`${name.replace('_', '-')}-one`, { connector: name });
  await t.addConnection('keyless', { secret: '' });
});

const stored = async () => Number((await t.db.raw('select count(*) as n from tidemark.inbox')).rows[0].n);
const at = (path: string) => `${t.server.url}/webhooks/${path}`;

test('a challenge in a signed body is returned as plain text and not stored', async () => {
  const before = await stored();
  const response = await t.deliver('slack-one', { type: 'url_verification', challenge: '3eZbrw1aB' });
  expect([response.status, await response.text()]).toEqual([200, '3eZbrw1aB']);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await stored()).toBe(before);
});

test('the same without a right signature is returned nothing', async () => {
  const challenge = { type: 'url_verification', challenge: '3eZbrw1aB' };
  const response = await t.deliver('slack-one', challenge, { 'x-signature': 'ab'.repeat(32) });
  expect([response.status, await response.text()]).toEqual([401, expect.not.stringContaining('3eZbrw1aB')]);
});

test('a validation token in the query of an unsigned POST is returned, and never as a page', async () => {
  const token = '<script>alert(1)</script>';
  const response = await fetch(at(`graph-one?validationToken=${encodeURIComponent(token)}`), { method: 'POST' });
  expect([response.status, await response.text()]).toEqual([200, token]);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const long = await fetch(at(`graph-one?validationToken=${'x'.repeat(5_000)}`), { method: 'POST' });
  expect(long.status).toBe(401);
});

test('a challenge by GET is returned to who knows the secret', async () => {
  const ask = (token: string) =>
    fetch(at(`meta-one?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${encodeURIComponent(token)}`));
  const right = await ask(webhookSecret);
  expect([right.status, await right.text()]).toEqual([200, '1158201444']);
  expect((await ask('guessed')).status).toBe(405);
  expect((await fetch(at('graph-one'))).status).toBe(405);
  expect((await fetch(at('nobody'))).status).toBe(404);
});

test('a check of the author’s own decides alone, and what it throws lets nothing in', async () => {
  const send = (body: string) => t.deliver('client-state-one', body, { 'x-signature': undefined });
  expect((await send(JSON.stringify({ id: '1', state: webhookSecret }))).status).toBe(202);
  expect((await send(JSON.stringify({ id: '1', state: 'guessed' }))).status).toBe(401);
  expect((await send('no JSON')).status).toBe(401);
});

test('a form is read as one, and acknowledged with a text where the source wants to read one', async () => {
  const form = (type: string) => t.deliver('forms-one', 'id=7&name=a&name=b', { 'content-type': type });
  const response = await form('application/x-www-form-urlencoded');
  expect([response.status, await response.text()]).toEqual([200, '<Response/>']);
  const { rows } = await t.db.raw(`select external_id from tidemark.inbox where connection_id = 'forms-one'`);
  expect(rows).toEqual([{ external_id: '7' }]);
  expect((await form('text/plain')).status).toBe(415);
  expect((await form('application/x-www-form-urlencoded; charset=latin1')).status).toBe(415);
  // a connector that takes JSON takes no form
  expect((await t.deliver('demo', 'id=7', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
});

test('a connection without webhook secret says so, to the source and in the log', async () => {
  const response = await t.deliver('keyless', []);
  expect([response.status, await response.json()]).toEqual([
    401,
    expect.objectContaining({
      type: 'urn:tidemark:NoWebhookSecret',
      detail: expect.stringMatching(/Connection 'keyless' has no webhook secret.*rotate-secret keyless webhookSecret/),
    }),
  ]);
  expect(t.log()).toContain('without webhook secret');
});

test('a handshake that throws is logged, and the delivery goes on', async () => {
  expect((await t.deliver('throwing-one', [{ eventId: 'e-1', type: 'x' }])).status).toBe(202);
  expect(t.log()).toContain('a mistake of the author');
});
