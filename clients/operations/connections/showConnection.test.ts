import { Client, Connection } from '@temporalio/client';
import { listAudit } from '../../../destination/audit';
import { createConnection } from '../../../destination/connections/connections';
import { keyRing, loadSecrets, saveSecrets } from '../../../destination/connections/secrets';
import { connectDatabase } from '../../../destination/database/database';
import { ensureTable } from '../../../destination/rows/tables';
import { writeAnswers } from '../../../destination/rows/writeAnswers';
import { claimRun, endRun } from '../../../destination/runs/runs';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { ids } from '../../../schema/workflows';
import { atEnd, testDatabase, testTemporal, uniqueTaskQueue } from '../../../test/environment';
import { testConnector } from '../../../test/support/connector';
import { until } from '../../../test/support/server';
import { agreeWithDatabase } from '../../schedules/agreeWithDatabase';
import { type ContextParts, type OperationContext, readyContext } from '../definition/context';
import { moveCursor, showCursor } from '../work/cursor';
import { listSchedules, pause, repair, resume } from '../work/schedules';
import { readStatus } from '../work/status';
import { dropConnection } from './dropConnection';
import { rotateSecret } from './rotateSecret';
import { showConnection } from './showConnection';
import { disable, enable } from './switchConnection';

const by = { actor: 'test', reason: 'because' };
const ring = keyRing('cd'.repeat(32));
const connectors = [testConnector()];
const customers = connectors[0]?.entities.get('customers') as ConnectorEntity;
const target = { connectionId: 'demo', entity: 'customers' };
const cursorOf = { connection: 'demo', entity: 'customers' };
const demo = { connection: 'demo' };
let parts: ContextParts;
let context: OperationContext;
let client: Client;

beforeAll(async () => {
  const db = connectDatabase((await testDatabase()).url);
  atEnd(() => db.destroy());
  client = (await testTemporal()).client;
  parts = { db, connectors, client, taskQueue: uniqueTaskQueue(), ring };
  context = readyContext(parts);
  await ensureTable(db, customers);
});

beforeEach(async () => {
  const { db } = context;
  await db.raw('truncate tidemark.connections, tidemark.audit, shop_customers cascade');
  for (const id of ['demo', 'other']) {
    await createConnection(db, { id, connector: 'shop', settings: { baseUrl: 'http://127.0.0.1:9' } });
    await saveSecrets(db, ring, id, { webhookSecret: 'first' });
  }
});

/** One that finds no Temporal. */
function withoutTemporal(): OperationContext {
  const connection = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: 300 });
  atEnd(() => connection.close());
  return readyContext({ ...parts, client: new Client({ connection }) });
}

/** One without OAUTH_ENCRYPTION_KEY. */
const withoutKey = () => readyContext({ ...parts, ring: undefined });

/** Writes one customer, as a fetch does that was under way. */
async function write(id: string, connectionId = 'demo'): Promise<number> {
  const now = Date.now();
  const live = [{ id, version: null, row: { name: 'Ada' }, raw: {} }];
  const answer = { sent: now, received: now, live, gone: [], setAside: [] };
  const writing = { connectionId, entity: customers, confirming: true, readLagMs: 10, writtenBy: 'test' };
  return (await writeAnswers(context.db, writing, [answer], { runId: null })).counts.inserted;
}

const rowCount = async () => Number((await context.db('shop_customers').count())[0]?.count);
const actions = async () => (await listAudit(context.db)).map(({ action }) => action);

async function runningDelta(): Promise<string> {
  const claim = { ...target, strategy: 'delta', trigger: 'api', dryRun: false, full: false } as const;
  const claimed = await claimRun(context.db, { ...claim, workflowId: 'w', workflowRunId: `r-${Math.random()}` });
  if (!('run' in claimed)) throw new Error('a run is running already');
  return claimed.run.id;
}

describe('the cursor', () => {
  const at = (text: string) => new Date(`2026-01-01T${text}Z`);

  test('goes back on demand and forward only when that is meant; both are audited', async () => {
    await expect(moveCursor(context, { ...cursorOf, to: at('06:00:00'), forward: false }, by)).rejects.toThrow(
      /has no cursor yet.*--forward/,
    );
    await moveCursor(context, { ...cursorOf, to: at('06:00:00'), forward: true }, by);
    expect(await moveCursor(context, { ...cursorOf, to: at('05:00:00'), forward: false }, by)).toMatchObject({
      before: at('06:00:00'),
      after: at('05:00:00'),
    });
    await expect(moveCursor(context, { ...cursorOf, to: at('05:00:01'), forward: false }, by)).rejects.toMatchObject({
      type: 'Usage',
    });
    await moveCursor(context, { ...cursorOf, to: null, forward: false }, by);
    expect(await showCursor(context, cursorOf)).toMatchObject({
      cursor: null,
      resets: [{ before: at('05:00:00').toJSON(), after: null }, {}, {}],
    });
  });

  test('is not moved without a reason, nor into time to come', async () => {
    const ahead = new Date(Date.now() + 3_600_000);
    await expect(moveCursor(context, { ...cursorOf, to: ahead, forward: true }, by)).rejects.toThrow(/in the future/);
    await expect(
      moveCursor(context, { ...cursorOf, to: null, forward: false }, { ...by, reason: '' }),
    ).rejects.toMatchObject({ type: 'Usage' });
    expect(await actions()).toEqual([]);
  });

  test('that was reset stays so when a delta ends that began before', async () => {
    await moveCursor(context, { ...cursorOf, to: at('06:00:00'), forward: true }, by);
    const runId = await runningDelta();
    expect(await moveCursor(context, { ...cursorOf, to: null, forward: false }, by)).toMatchObject({
      runningDelta: runId,
    });
    await context.db.raw(
      `insert into tidemark.run_parts (run_id, step, fence, first_sent, found_at, done)
       select id, 'pull', 1, floor(extract(epoch from now()) * 1000), cursor_before, true from tidemark.runs where id = ?`,
      [runId],
    );
    await endRun(context.db, runId, { status: 'succeeded', cursorLead: { all: 0, changes: 0, tokens: false } });
    expect((await showCursor(context, cursorOf)).cursor).toBeNull();
  });
});

describe('schedules', () => {
  test('that are paused stay so through repairs, and say why; resumed they fire again', async () => {
    const changed = await pause(context, { ...cursorOf, strategy: 'delta' }, by);
    expect(changed.schedules).toEqual([{ ...target, strategy: 'delta', pausedBecause: 'by an operator: because' }]);
    await agreeWithDatabase(context.db, client, connectors, { taskQueue: context.taskQueue });
    const paused = await client.schedule.getHandle(ids.schedule('delta', target)).describe();
    expect(paused.state).toMatchObject({ paused: true, note: expect.stringContaining('because') });
    const status = await readStatus(context.db, connectors, undefined, { connectionId: 'demo', entity: 'customers' });
    expect(status.connections[0]?.entities[0]).toMatchObject({
      delta: { paused: true, pausedBecause: 'because' },
      reconciliation: { paused: false, pausedBecause: null },
    });
    await resume(context, demo, by);
    expect((await client.schedule.getHandle(ids.schedule('delta', target)).describe()).state.paused).toBe(false);
    expect(await actions()).toEqual(['schedules resume', 'schedules pause']);
  });

  test('are listed as they are: changed by hand, missing, left over', async () => {
    await agreeWithDatabase(context.db, client, connectors, { taskQueue: context.taskQueue });
    const agreement = async () =>
      Object.fromEntries((await listSchedules(context, {})).schedules.map((one) => [one.id, one.agreement]));
    expect(new Set(Object.values(await agreement()))).toEqual(new Set(['agrees']));
    const handle = (strategy: 'delta' | 'reconciliation', connectionId = 'demo') =>
      client.schedule.getHandle(ids.schedule(strategy, { ...target, connectionId }));
    await handle('delta').pause('by hand');
    await handle('reconciliation').delete();
    await context.db('tidemark.connections').where({ id: 'other' }).delete();
    const handles = [handle('delta'), handle('reconciliation'), handle('delta', 'other')];
    // Temporal's list of schedules is late by an instant
    const wrong = await until(async () => {
      const found = await agreement();
      const three = handles.map(({ scheduleId }) => found[scheduleId]);
      return three.every((one) => one !== 'agrees') && three;
    });
    expect(wrong).toEqual(['differs', 'missing', 'orphan']);
    expect((await listSchedules(context, demo)).schedules.map(({ connectionId }) => connectionId)).toEqual(
      Array(4).fill('demo'),
    );
    await expect(listSchedules(context, { connection: 'nope' })).rejects.toMatchObject({ type: 'NotFound' });
  });

  test('are repaired with a reason, audited with what was done', async () => {
    await agreeWithDatabase(context.db, client, connectors, { taskQueue: context.taskQueue });
    await client.schedule.getHandle(ids.schedule('delta', target)).delete();
    const repaired = await until(async () => {
      const agreed = await repair(context, {}, by);
      return agreed.created + agreed.updated + agreed.unpaused > 0 && agreed;
    });
    expect((await listAudit(context.db))[0]).toMatchObject({ ...by, action: 'schedules repair', details: repaired });
  });

  test('are paused also while Temporal is away: that is reported, and holds from then on', async () => {
    const changed = await pause(withoutTemporal(), demo, by);
    expect(changed).toMatchObject({ agreed: null, delayedBecause: expect.stringContaining('cannot be reached') });
    const agreed = await agreeWithDatabase(context.db, client, connectors, { taskQueue: context.taskQueue });
    expect(agreed.paused + agreed.created + agreed.updated).toBeGreaterThanOrEqual(4);
    expect((await listSchedules(context, demo)).schedules.every(({ paused }) => paused)).toBe(true);
  });
});

describe('a connection', () => {
  test('is shown with the names of its secrets, never with what they are', async () => {
    const shown = await showConnection(context, demo);
    expect(shown).toMatchObject({
      id: 'demo',
      registered: true,
      secrets: ['webhookSecret'],
      sealed: { keyId: ring.sealingKeyId },
      webhookPath: '/webhooks/demo',
      entities: [
        { entity: 'customers', table: 'shop_customers', rows: 0, cursor: null },
        { entity: 'orders', rows: null },
      ],
    });
    expect(JSON.stringify(shown)).not.toContain('first');
    expect((await showConnection(withoutKey(), demo)).secrets).toBeNull();
  });

  test('is switched off and on, audited', async () => {
    const { connection } = await disable(context, demo, by);
    expect(connection.enabled).toBe(false);
    expect((await listSchedules(context, { connection: 'demo' })).schedules[0]).toMatchObject({
      paused: true,
      pausedBecause: 'connection demo is disabled',
    });
    await enable(context, demo, by);
    expect((await listSchedules(context, { connection: 'demo' })).schedules[0]).toMatchObject({ paused: false });
    expect(await actions()).toEqual(['connections enable', 'connections disable']);
  });

  test('takes a new webhook secret beside the former one until that is dropped', async () => {
    const rotate = (rotation: { value?: string; dropFormer: boolean }) =>
      rotateSecret(context, { ...demo, secret: 'webhookSecret', ...rotation }, by);
    const secret = async () => (await loadSecrets(context.db, ring, 'demo')).webhookSecret;
    expect(await rotate({ value: 'second', dropFormer: false })).toMatchObject({ formerKept: true });
    expect(await secret()).toBe('second\nfirst');
    expect(await rotate({ value: 'third', dropFormer: false })).toMatchObject({ formerKept: true });
    expect(await secret()).toBe('third\nsecond');
    expect(await rotate({ dropFormer: true })).toMatchObject({ formerKept: false });
    expect(await secret()).toBe('third');
    await expect(rotate({ value: 'fourth\nfifth', dropFormer: false })).rejects.toThrow(/has several lines/);
    expect(await secret()).toBe('third');
    expect(JSON.stringify(await listAudit(context.db))).not.toMatch(/second|third/);
    await expect(rotateSecret(context, { ...demo, secret: 'nope', value: 'x', dropFormer: false }, by)).rejects.toThrow(
      /has no secret "nope"; it has: webhookSecret/,
    );
  });

  test('is removed with everything of it; its rows are kept where that is said', async () => {
    expect(await write('1')).toBe(1);
    expect(await write('1', 'other')).toBe(1);
    const removed = await dropConnection(context, { ...demo, rows: 'keep' }, by);
    expect(removed).toMatchObject({ rows: 'kept', tables: [{ table: 'shop_customers', rows: 1 }] });
    expect(await rowCount()).toBe(2);
    expect(await context.db('tidemark.secrets').select('connection_id')).toEqual([{ connection_id: 'other' }]);
    await expect(client.schedule.getHandle(ids.schedule('delta', target)).describe()).rejects.toThrow();
    expect((await listAudit(context.db))[0]).toMatchObject({ action: 'connections remove', details: { rows: 'kept' } });
  });

  test('is removed with its rows: what a fetch under way brings afterwards is not written', async () => {
    await write('1');
    await write('1', 'other');
    await dropConnection(context, { ...demo, rows: 'delete' }, by);
    expect(await write('2')).toBe(0);
    expect(await context.db('shop_customers').select('connection_id')).toEqual([{ connection_id: 'other' }]);
    await expect(dropConnection(context, { ...demo, rows: 'delete' }, by)).rejects.toMatchObject({ type: 'NotFound' });
  });

  test('is not removed while a run is running, but disabled', async () => {
    await write('1');
    const runId = await runningDelta();
    await expect(dropConnection(context, { ...demo, rows: 'delete' }, by)).rejects.toMatchObject({
      type: 'AlreadyRunning',
      message: expect.stringContaining(`Run ${runId}`),
    });
    expect(await rowCount()).toBe(1);
    expect((await showConnection(withoutKey(), demo)).enabled).toBe(false);
  });

  test('of a connector that is not registered has tables that nobody knows: its rows are not deleted', async () => {
    const unregistered = readyContext({ ...parts, connectors: [] });
    await expect(dropConnection(unregistered, { ...demo, rows: 'delete' }, by)).rejects.toMatchObject({
      type: 'NotFound',
    });
    expect((await showConnection(unregistered, demo)).registered).toBe(false);
    await dropConnection(unregistered, { ...demo, rows: 'keep' }, by);
    expect(await context.db('tidemark.connections').select('id')).toEqual([{ id: 'other' }]);
  });
});
