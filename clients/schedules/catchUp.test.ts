import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { firstCustomerId } from '../../connectors/service-titan/simulator';
import { startTemporal } from '../../local/temporal/temporal';
import { connection } from '../../schema/connection';
import { atEnd, testSettings } from '../../test/environment';
import { startWorkspace, tenant } from '../../test/service-titan/workspace';
import { testConnector } from '../../test/support/connector';
import { until } from '../../test/support/server';
import { agreeSchedules } from './agree';
import { type DesiredSchedule, desiredSchedules } from './desired';
import { offsetOf } from './spec';

/** After an outage, one run catches up: not one for each time that was missed, and not none. */

jest.setTimeout(120_000);

test('while no worker runs, one run waits for one; it brings everything, and none follows it', async () => {
  const { engine, control } = await startWorkspace({ customers: 30 });
  const { client } = engine.temporal;
  await engine.delta('customers');
  await engine.worker.stop();
  for (const n of [1, 2, 3]) control.note(tenant, String(firstCustomerId + n), 'while no worker ran');
  const schedules = { customers: { delta: { every: '1s' } } };
  const demo = connection.parse({ id: 'demo', connector: engine.connector.name, settings: {}, schedules });
  const schedule = wanted(desiredSchedules([engine.connector], [demo]), 'delta', 'customers');
  await agreeSchedules(client, [schedule], { taskQueue: engine.taskQueue });
  const handle = client.schedule.getHandle(schedule.id);
  await until(async () => (await handle.describe()).info.numActionsSkippedOverlap >= 3);
  await handle.pause();
  expect(Number((await handle.describe()).raw.info?.bufferSize)).toBe(0);
  await engine.startWorker();
  const ended = () =>
    engine.db('tidemark.runs').where({ trigger: 'schedule' }).whereNotNull('ended_at').select('status', 'counts');
  await until(async () => (await ended()).length > 0);
  expect(await engine.db('tidemark.runs').where({ trigger: 'schedule' })).toHaveLength(1);
  expect((await handle.describe()).info.numActionsTaken).toBe(1);
  expect(await ended()).toEqual([{ status: 'succeeded', counts: expect.objectContaining({ updated: 3 }) }]);
});

test('a daily run that was due while Temporal was down takes place once, when it is back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-outage-'));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const files = { binary: testSettings().temporalBinary, dbFile: join(folder, 'temporal.db') };
  const server = await startTemporal({ ...files, port: 0, uiPort: 0 });
  const due = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 8_000);
  const daily = dailyAt(due);
  const before = await connected(server.address);
  await agreeSchedules(before, [daily], { taskQueue: 'nothing-polls-it' });
  const { nextActionTimes } = (await before.schedule.getHandle(daily.id).describe()).info;
  expect(nextActionTimes[0]).toEqual(due);
  await server.stop();
  await until(async () => Date.now() > due.getTime() + 1_000);

  const again = await startTemporal({ ...files, port: 0, uiPort: 0 });
  atEnd(() => again.stop());
  const handle = (await connected(again.address)).schedule.getHandle(daily.id);
  await until(async () => (await handle.describe()).info.numActionsTaken > 0);
  const { info } = await handle.describe();
  expect(info.numActionsTaken).toBe(1);
  expect(info.recentActions.map(({ scheduledAt }) => scheduledAt)).toEqual([due]);
});

/** The reconciliation of a connection whose own offset makes it due at that second. */
function dailyAt(due: Date): DesiredSchedule {
  const ids = Array.from({ length: 100_000 }, (_, n) => `c${n}`);
  const id = ids.find((one) => offsetOf(one, 3_600) === due.getUTCSeconds());
  const schedules = { orders: { reconciliation: { at: due.toISOString().slice(11, 16) } } };
  const settings = { baseUrl: 'http://127.0.0.1:9' };
  const shop = testConnector();
  const demo = connection.parse({ id, connector: shop.name, settings, schedules });
  return wanted(desiredSchedules([shop], [demo]), 'reconciliation', 'orders');
}

function wanted(all: readonly DesiredSchedule[], strategy: string, entity: string): DesiredSchedule {
  const found = all.find((one) => one.strategy === strategy && one.target?.entity === entity);
  if (found === undefined) throw new Error(`no schedule of ${entity} for a ${strategy}`);
  return found;
}

async function connected(address: string): Promise<Client> {
  const opened = await Connection.connect({ address });
  atEnd(() => opened.close());
  return new Client({ connection: opened });
}
