import type { Client } from '@temporalio/client';
import { type Connection, connection } from '../../schema/connection';
import { ids } from '../../schema/workflows';
import { testTemporal } from '../../test/environment';
import { testConnector } from '../../test/support/connector';
import { agreeSchedules } from './agree';
import { type DesiredSchedule, desiredSchedules } from './desired';

const connectors = [testConnector()];

function aConnection(input: Partial<Connection> = {}): Connection {
  return connection.parse({ id: 'demo', connector: 'shop', settings: { baseUrl: 'http://localhost' }, ...input });
}

describe('the schedules that connections want', () => {
  const wanted = (input: Partial<Connection> = {}) =>
    new Map(desiredSchedules(connectors, [aConnection(input)]).map((schedule) => [schedule.id, schedule]));
  const demo = (entity: string) => ({ connectionId: 'demo', entity });
  const deltaOf = (entity: string) => ids.schedule('delta', demo(entity));
  const reconciliationOf = (entity: string) => ids.schedule('reconciliation', demo(entity));

  test('are two for each entity, and the sweep', () => {
    expect([...wanted().keys()].sort()).toEqual(
      [
        deltaOf('customers'),
        deltaOf('orders'),
        reconciliationOf('customers'),
        reconciliationOf('orders'),
        ids.sweepSchedule,
      ].sort(),
    );
  });

  test('follow the entity where the connection says nothing else', () => {
    expect(wanted().get(deltaOf('orders'))).toMatchObject({
      spec: { intervals: [{ every: 300_000 }] },
      catchupWindowMs: 300_000,
      workflow: 'deltaSync',
      workflowId: ids.delta(demo('orders')),
      input: { connectionId: 'demo', entity: 'orders', trigger: 'schedule' },
      pausedBecause: undefined,
    });
  });

  test('an override of one strategy leaves the other as the entity has it', () => {
    const schedules = wanted({ schedules: { orders: { reconciliation: { every: '6h' } } } });
    expect(schedules.get(deltaOf('orders'))).toMatchObject({ spec: { intervals: [{ every: 300_000 }] } });
    expect(schedules.get(reconciliationOf('orders'))).toMatchObject({
      spec: { intervals: [{ every: 21_600_000 }] },
      catchupWindowMs: 21_600_000,
    });
  });

  test('have no reconciliation where it is switched off for an entity with webhooks', () => {
    const schedules = wanted({ schedules: { customers: { reconciliation: false } } });
    expect(schedules.has(reconciliationOf('customers'))).toBe(false);
    expect(schedules.get(deltaOf('customers'))?.pausedBecause).toBeUndefined();
  });

  test('pause an entity whose mandatory reconciliation is switched off, and say why', () => {
    const schedules = wanted({ schedules: { orders: { reconciliation: false } } });
    expect(schedules.get(deltaOf('orders'))?.pausedBecause).toMatch(/orders.*demo.*required/);
    expect(schedules.get(deltaOf('customers'))?.pausedBecause).toBeUndefined();
  });

  test('pause with the connection', () => {
    const paused = [...wanted({ enabled: false }).values()].filter(({ pausedBecause }) => pausedBecause !== undefined);
    expect(paused).toHaveLength(4);
  });

  test('of connections of unknown connectors are none', () => {
    expect([...wanted({ connector: 'elsewhere' }).keys()]).toEqual([ids.sweepSchedule]);
  });
});

describe('Temporal agrees', () => {
  let client: Client;
  beforeEach(async () => {
    ({ client } = await testTemporal());
  });

  const nothing = { created: 0, updated: 0, paused: 0, unpaused: 0, removed: 0, unchanged: 0 };
  const desired = (...connections: Partial<Connection>[]) => desiredSchedules(connectors, connections.map(aConnection));

  /** The list follows with a delay: what a test does next must not depend on how long that takes. */
  async function untilListed(schedules: readonly DesiredSchedule[], paused?: boolean): Promise<void> {
    for (;;) {
      const seen = new Map<string, boolean>();
      for await (const { scheduleId, state } of client.schedule.list()) seen.set(scheduleId, state.paused);
      const all = schedules.every(
        ({ id, target }) => seen.has(id) && (!target || (paused ?? seen.get(id)) === seen.get(id)),
      );
      if (all && seen.size === schedules.length) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('creates once, then finds nothing to do, also while the list does not show them yet', async () => {
    const schedules = desired({});
    expect(await agreeSchedules(client, schedules)).toEqual({ ...nothing, created: 5 });
    expect(await agreeSchedules(client, schedules)).toEqual({ ...nothing, unchanged: 5 });
    await untilListed(schedules);
    expect(await agreeSchedules(client, schedules)).toEqual({ ...nothing, unchanged: 5 });
  });

  test('what is created is what was asked for', async () => {
    await agreeSchedules(client, desired({}), { taskQueue: 'the-queue' });
    const target = { connectionId: 'demo', entity: 'orders' };
    const found = await client.schedule.getHandle(ids.schedule('delta', target)).describe();
    expect(found.action).toMatchObject({
      workflowType: 'deltaSync',
      workflowId: 'tidemark/delta/demo/orders',
      taskQueue: 'the-queue',
      args: [{ ...target, trigger: 'schedule' }],
      memo: { connection: 'demo', entity: 'orders', strategy: 'delta' },
      priority: { priorityKey: 2, fairnessKey: 'demo' },
    });
    expect(found.raw.schedule?.action?.startWorkflow?.searchAttributes?.indexedFields).toHaveProperty(
      'TidemarkConnection',
    );
    expect(found.policies).toEqual({ overlap: 'SKIP', catchupWindow: 300_000, pauseOnFailure: false });
    expect(found.searchAttributes).toMatchObject({ TidemarkConnection: ['demo'], TidemarkEntity: ['orders'] });
    expect(found.info.nextActionTimes.length).toBeGreaterThan(0);
  });

  test('changes only what differs', async () => {
    await agreeSchedules(client, desired({}));
    const changed = desired({ schedules: { orders: { delta: { every: '20m' } } } });
    expect(await agreeSchedules(client, changed)).toEqual({ ...nothing, updated: 1, unchanged: 4 });
    const handle = client.schedule.getHandle(ids.schedule('delta', { connectionId: 'demo', entity: 'orders' }));
    const found = await handle.describe();
    expect(found.spec.intervals).toMatchObject([{ every: 1_200_000 }]);
    expect(found.policies.catchupWindow).toBe(1_200_000);
    expect(found.memo).toMatchObject({ connection: 'demo' });
  });

  test('pauses with the connection and goes on with it', async () => {
    await agreeSchedules(client, desired({}));
    const off = desired({ enabled: false });
    expect(await agreeSchedules(client, off)).toEqual({ ...nothing, paused: 4, unchanged: 1 });
    await untilListed(off, true);
    expect(await agreeSchedules(client, off)).toEqual({ ...nothing, unchanged: 5 });
    const handle = client.schedule.getHandle(ids.schedule('delta', { connectionId: 'demo', entity: 'orders' }));
    expect((await handle.describe()).state).toMatchObject({
      paused: true,
      note: expect.stringMatching(/demo is disabled/),
    });
    expect(await agreeSchedules(client, desired({}))).toEqual({ ...nothing, unpaused: 4, unchanged: 1 });
    expect((await handle.describe()).state.paused).toBe(false);
  });

  test('takes back what was changed by hand', async () => {
    const schedules = desired({});
    await agreeSchedules(client, schedules);
    await untilListed(schedules);
    const id = ids.schedule('delta', { connectionId: 'demo', entity: 'orders' });
    await client.schedule.getHandle(id).pause('by hand');
    await untilListedPaused(id);
    expect(await agreeSchedules(client, schedules)).toEqual({ ...nothing, unpaused: 1, unchanged: 4 });
  });

  async function untilListedPaused(id: string): Promise<void> {
    for (;;) {
      for await (const { scheduleId, state } of client.schedule.list()) if (scheduleId === id && state.paused) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('removes what nothing wants, and nothing that is not ours', async () => {
    const both = desired({}, { id: 'other' });
    await agreeSchedules(client, both);
    await client.schedule.create({
      scheduleId: 'somebody-elses',
      spec: { intervals: [{ every: '1 day' }] },
      action: { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs' },
    });
    await untilListed([...both, { ...(both[0] as DesiredSchedule), id: 'somebody-elses' }]);
    expect(await agreeSchedules(client, desired({ id: 'other' }))).toEqual({ ...nothing, removed: 4, unchanged: 5 });
    await expect(client.schedule.getHandle('somebody-elses').describe()).resolves.toBeDefined();
  });

  test('comes to the same from two processes at once', async () => {
    const schedules = desired({}, { id: 'other' });
    const results = await Promise.all([agreeSchedules(client, schedules), agreeSchedules(client, schedules)]);
    expect(results.reduce((sum, { created }) => sum + created, 0)).toBe(9);
    expect(results.reduce((sum, { created, unchanged }) => sum + created + unchanged, 0)).toBe(18);
  });
});
