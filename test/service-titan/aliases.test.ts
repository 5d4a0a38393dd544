import { firstCustomerId } from '../../connectors/service-titan/simulator';
import { until } from '../support/server';
import { startApi, startWorkspace, tenant, type Workspace } from './workspace';

/** The paths that scripts of the former service know. */

jest.setTimeout(120_000);
const customerId = String(firstCustomerId + 3);
const named = { workspaceId: 'demo', tenantId: tenant };
let workspace: Workspace;
let ask: Awaited<ReturnType<typeof startApi>>;

beforeAll(async () => {
  workspace = await startWorkspace({ customers: 120 });
  ask = await startApi(workspace);
});
afterEach(() => {
  workspace.control.latencyMs = 0;
  workspace.control.clearFaults();
});

test('POST /trigger starts a sync, GET /status?instanceId= shows its end, and GET /status the workspace', async () => {
  const { status, body } = await ask('POST /trigger', named);
  expect(status).toBe(202);
  const [started] = body.started as { workflowId: string }[];
  await until(async () => {
    const { body: run } = await ask(`GET /status?instanceId=${encodeURIComponent(started?.workflowId ?? '')}`);
    return run.state === 'done' && (run.result as { outcome: string }).outcome === 'succeeded';
  });
  const { body: shown } = await ask('GET /status?workspaceId=demo');
  expect(shown.connections).toMatchObject([{ id: 'demo', connector: 'service_titan' }]);
});

test('a trigger while the sync is running answers 409 and starts nothing', async () => {
  await until(async () => (await ask('POST /trigger', named)).status === 202);
  workspace.control.latencyMs = 1_000;
  await until(async () => (await ask('POST /trigger', named)).status === 202);
  const { status, body } = await ask('POST /trigger', named);
  expect([status, body.type]).toEqual([409, 'urn:tidemark:AlreadyRunning']);
});

test('a run that failed is shown with its error', async () => {
  await until(async () => (await ask('POST /trigger', named)).status === 202);
  workspace.control.addFault({ match: '/customers', fault: { kind: 'html' } });
  let instance = '';
  await until(async () => {
    const { body } = await ask('POST /trigger', named);
    const [first] = (body.started ?? []) as { workflowId: string }[];
    instance = first?.workflowId ?? '';
    return instance !== '';
  });
  await until(async () => {
    const { body } = await ask(`GET /status?instanceId=${encodeURIComponent(instance)}`);
    return body.state === 'failed' && String((body.error as { message: string }).message).includes('web page');
  });
});

test('GET /debug/raw-customer shows the customer as the source has it, and writes nothing', async () => {
  const before = await workspace.engine.db('service_titan_customers').where({ external_id: customerId });
  workspace.control.changeCustomer(tenant, customerId, { name: 'Changed, Just Now' });
  const query = new URLSearchParams({ ...named, customerId });
  const { status, body } = await ask(`GET /debug/raw-customer?${query}`);
  expect([status, body.says]).toEqual([200, 'live']);
  expect(body.record).toEqual(workspace.control.customer(tenant, customerId));
  expect(await workspace.engine.db('service_titan_customers').where({ external_id: customerId })).toEqual(before);
  expect(await workspace.engine.db('tidemark.shown_records')).toEqual([]);
});

test('GET /debug/raw-customer without a customer shows whether the credentials may read customers', async () => {
  const asked = () => ask(`GET /debug/raw-customer?${new URLSearchParams(named)}`);
  const { status, body } = await asked();
  expect([status, body.ok, body.entities]).toMatchObject([
    200,
    true,
    [{ entity: 'customers', says: 'read', records: 120 }],
  ]);
  workspace.control.addFault({ match: '/customers', fault: { kind: 'status', status: 403 } });
  expect((await asked()).body).toMatchObject({ ok: false, entities: [{ says: 'refused' }] });
});

test('POST /debug/add-note writes a note', async () => {
  const { status, body } = await ask('POST /debug/add-note', { ...named, customerId, text: 'Force sync' });
  expect(status).toBe(202);
  await ask(`GET /api/outcome?wait=45&workflowId=${encodeURIComponent(String(body.workflowId))}`);
  expect(workspace.control.notesOf(tenant, customerId).map(({ text }) => text)).toEqual(['Force sync']);
});

test.each([
  ['GET /status?workspaceId=demo', undefined],
  ['POST /trigger', named],
  ['GET /debug/raw-customer?workspaceId=demo&customerId=1', undefined],
  ['POST /debug/add-note', { ...named, customerId, text: 'no key' }],
] as const)('%s needs the key', async (request, body) => {
  expect((await ask(request, body, { withKey: false })).status).toBe(401);
});

test('what is missing or mistyped is named as the caller names it', async () => {
  const { status, body } = await ask('POST /trigger', { tenantId: tenant });
  expect([status, body.mistakes]).toEqual([400, [expect.stringMatching(/^body\.workspaceId: /)]]);
  const mistyped = await ask('POST /trigger', { workspaceID: 'demo' });
  expect([mistyped.status, mistyped.body.mistakes]).toEqual([400, ['body.workspaceID: no such field']]);
});

test('an unknown workspace answers 404', async () => {
  expect((await ask('POST /trigger', { workspaceId: 'nowhere' })).status).toBe(404);
});
