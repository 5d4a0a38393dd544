import { firstCustomerId } from '../../connectors/service-titan/simulator';
import { until } from '../support/server';
import { startApi, startWorkspace, tenant, type Workspace } from './workspace';

/** Harmless changes at the source are sent once at most, and what happened to them is known. */

jest.setTimeout(120_000);
const id = String(firstCustomerId + 3);
const notes = `${id}/notes`;
let workspace: Workspace;
let ask: Awaited<ReturnType<typeof startApi>>;

beforeAll(async () => {
  workspace = await startWorkspace({ customers: 50 });
  ask = await startApi(workspace);
  await workspace.engine.delta('customers');
});
beforeEach(() => {
  workspace.control.clearFaults();
  workspace.control.clearLog();
});

/** Touches the customer and returns the result. */
async function touched(text = 'a test') {
  const body = { connection: 'demo', entity: 'customers', id, text, reason: 'does it arrive?' };
  const started = await ask('POST /api/touch', body);
  expect(started.status).toBe(202);
  const { workflowId, touch } = started.body;
  const { body: outcome } = await ask(`GET /api/outcome?wait=45&workflowId=${encodeURIComponent(String(workflowId))}`);
  const [row] = await workspace.engine.db('tidemark.touches').where({ id: touch });
  return { outcome, row, result: outcome.result as Record<string, unknown> };
}

/** How many notes the source has written, and how many requests for one it got. */
const written = () => workspace.control.notesOf(tenant, id).length;
const requests = () => workspace.control.logSummary().byPath['/customers/{id}/notes'] ?? 0;

test('a note moves the customer: the next delta writes it, and the audit names who asked', async () => {
  const { result, row } = await touched('call back');
  expect(result).toMatchObject({ outcome: 'done', status: 200 });
  expect(row).toMatchObject({ state: 'done', text: 'call back', status: 200 });
  expect(workspace.control.notesOf(tenant, id).at(-1)?.text).toBe('call back');
  const { counts } = await workspace.engine.delta('customers');
  expect([counts.inserted, counts.updated]).toEqual([0, 1]);
  const [audited] = await workspace.engine.db('tidemark.audit').where({ action: 'touch' });
  expect(audited).toMatchObject({ actor: 'api', reason: 'does it arrive?', details: { recordId: id } });
});

test.each([
  ['a 500', { kind: 'status', status: 500 }, 'unknown'],
  ['a 503', { kind: 'status', status: 503 }, 'unknown'],
  ['a 408', { kind: 'status', status: 408 }, 'unknown'],
  ['a redirect', { kind: 'redirect', location: '/elsewhere' }, 'unknown'],
  ['a connection that breaks', { kind: 'reset' }, 'unknown'],
  ['a 400', { kind: 'status', status: 400 }, 'not-done'],
  ['a 404', { kind: 'status', status: 404 }, 'not-done'],
] as const)(
  '%s: the request is not sent again, and the outcome is known to be what it is',
  async (_what, fault, outcome) => {
    workspace.control.addFault({ match: notes, fault });
    const { result, row } = await touched();
    expect([result.outcome, row.state, requests()]).toEqual([outcome, outcome, 1]);
  },
);

test('a token that was revoked: it is renewed, and the note is written once', async () => {
  const before = written();
  workspace.control.revokeTokens(tenant);
  const { result } = await touched();
  expect([result.outcome, requests(), written() - before]).toEqual(['done', 2, 1]);
});

test.each(['title', 'header'] as const)(
  'a 429 that says in its %s how long to wait: the note is written once',
  async (form) => {
    const { control } = workspace;
    const before = written();
    control.setRateLimit({ requests: 0, perSeconds: 1, form });
    const touching = touched();
    // the note's own request: one for a record, of a test before, may still be on its way
    await until(async () => requests() > 0);
    control.setRateLimit(undefined);
    const { result } = await touching;
    expect([result.outcome, written() - before]).toEqual(['done', 1]);
    expect(requests()).toBeGreaterThan(1);
  },
);

test('a wait of an hour is not waited for: it was not done, and says until when', async () => {
  const fault = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } } as const;
  workspace.control.addFault({ match: notes, fault });
  const { result } = await touched();
  expect(result).toMatchObject({ outcome: 'not-done', status: 429, detail: expect.stringContaining('429') });
  expect(requests()).toBe(1);
  await workspace.engine.db('tidemark.budgets').update({ blocked_until: null });
});

test('a request whose worker was lost after it was sent is unknown, and is never sent again', async () => {
  const { db } = workspace.engine;
  const [{ id: touchId }] = await db('tidemark.touches')
    .insert({ connection_id: 'demo', entity: 'customers', external_id: id, text: 'lost', state: 'sending' })
    .returning('id');
  const input = { connectionId: 'demo', entity: 'customers', touchId: String(touchId) };
  const result = await (await workspace.engine.start('touch', input)).result();
  expect(result).toMatchObject({ outcome: 'unknown', detail: expect.stringContaining('was lost') });
  expect(requests()).toBe(0);
});

test('a touch without a reason is refused, and nothing is sent', async () => {
  const { status } = await ask('POST /api/touch', { connection: 'demo', entity: 'customers', id });
  expect([status, requests()]).toEqual([400, 0]);
});

test('the text of a touch is in no workflow history', async () => {
  const body = { connection: 'demo', entity: 'customers', id, text: 'PRIVATE WORDS', reason: 'a test' };
  const { body: started } = await ask('POST /api/touch', body);
  await ask(`GET /api/outcome?wait=45&workflowId=${encodeURIComponent(String(started.workflowId))}`);
  const { client } = workspace.engine.temporal;
  const history = JSON.stringify(await client.workflow.getHandle(String(started.workflowId)).fetchHistory());
  const decoded =
    history + [...history.matchAll(/"data":"([^"]+)"/g)].map(([, data = '']) => Buffer.from(data, 'base64')).join();
  expect(decoded).toContain(String(started.touch));
  expect(decoded).not.toContain('PRIVATE WORDS');
});
