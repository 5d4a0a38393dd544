import type { Connector } from '../../../schema/definition/connector';
import { uniqueTaskQueue } from '../../../test/environment';
import { startBoards } from '../../../test/invariants/boardsSource';
import { startWorkspace, type Workspace } from '../../../test/service-titan/workspace';
import { type Engine, ring } from '../../../test/support/engine';
import { readyContext } from '../definition/context';
import { checkConnection } from './checkConnection';
import { changeConnection } from './saveConnection';

/** The last request of `connect`: what the credentials of a connection may read. */

jest.setTimeout(120_000);
let workspace: Workspace;
const by = { actor: 'test', reason: 'a test' };

beforeAll(async () => {
  workspace = await startWorkspace({ customers: 1_200 });
});
beforeEach(() => {
  workspace.control.clearFaults();
  workspace.control.clearLog();
});

function contextOf({ db, temporal, connector, taskQueue }: Engine, queue = taskQueue) {
  const connectors: Connector[] = [connector];
  return readyContext({ db, client: temporal.client, connectors, taskQueue: queue, ring });
}

const check = (engine: Engine) => checkConnection(contextOf(engine), { connection: 'demo', wait: 30 });

test('the first page of each list is counted with one request, and nothing is written', async () => {
  const { engine, control } = workspace;
  expect(await check(engine)).toEqual({
    ...{ connectionId: 'demo', connector: 'service_titan', auth: 'oauth2 clientCredentials', ok: true },
    entities: [{ entity: 'customers', says: 'read', records: 1_000, more: true, detail: 'the list goes on' }],
  });
  expect(control.logSummary().byPath).toMatchObject({ '/connect/token': 1, '/export/customers': 1 });
  const { rows } = await engine.db.raw(`select to_regclass('public.service_titan_customers') as "table"`);
  expect(rows).toEqual([{ table: null }]);
  expect(await engine.db('tidemark.runs')).toEqual([]);
  expect(await engine.db('tidemark.cursors')).toEqual([]);
});

test('a token that is good for nothing at the list itself is refused, with the response', async () => {
  const { engine, control } = workspace;
  control.addFault({ match: 'export/customers', fault: { kind: 'status', status: 403 } });
  expect(await check(engine)).toMatchObject({
    ok: false,
    entities: [{ says: 'refused', records: null, detail: expect.stringContaining('answered 403') }],
  });
});

test('a source that sends web pages has failed, which says nothing about the credentials', async () => {
  const { engine, control } = workspace;
  control.addFault({ match: 'export/customers', fault: { kind: 'html' } });
  expect(await check(engine)).toMatchObject({
    ok: false,
    entities: [{ says: 'failed', records: null, detail: expect.stringContaining('web page') }],
  });
});

test('without a worker it says so within seconds, and asks nothing', async () => {
  const { engine, control } = workspace;
  const context = contextOf(engine, uniqueTaskQueue());
  expect(await checkConnection(context, { connection: 'demo', wait: 30 })).toMatchObject({
    ok: false,
    entities: [{ says: 'no-answer', detail: 'no worker is running, so nothing was asked' }],
  });
  expect(control.logSummary().requests).toBe(0);
});

test('a secret that the source does not know is refused, and is not shown; another is tried at once', async () => {
  const { engine } = workspace;
  const context = contextOf(engine);
  const give = (clientSecret: string) =>
    changeConnection(context, { connection: 'demo', secrets: { clientSecret } }, by);
  await give('no-such-secret');
  const refused = await check(engine);
  expect(refused).toMatchObject({ ok: false, entities: [{ says: 'refused', records: null }] });
  expect(JSON.stringify(refused)).not.toContain('no-such-secret');
  await give('secret-410387862');
  expect(await check(engine)).toMatchObject({ ok: true });
});

test('lists that belong to records which have not been read yet are left for later', async () => {
  const { engine } = await startBoards(2);
  const before = await check(engine);
  expect(before.ok).toBe(true);
  expect(before.ok).toBe(true);
  expect(before.entities).toMatchObject([
    { entity: 'boards', says: 'read', records: 2, more: false },
    { entity: 'items', says: 'later', records: null, detail: expect.stringContaining('boards') },
  ]);
  await engine.delta('boards');
  expect((await check(engine)).entities[1]).toMatchObject({ entity: 'items', says: 'read', records: 2 });
});
