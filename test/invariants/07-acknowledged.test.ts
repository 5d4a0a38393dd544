import { setTimeout as sleep } from 'node:timers/promises';
import { storeEvents } from '../../destination/inbox/inbox';
import { ids as workflowIds, workflowNames } from '../../schema/workflows';
import { connectionId, type Engine, startChurch } from '../support/engine';
import { afterRequests, aMinuteLater, type Control, expectEqual, people, until } from './support';

/** Invariant 7: what was acknowledged is on disk, and is processed whatever happens to Temporal and the workers. */
const target = { connectionId, entity: 'people' };
let engine: Engine;
let control: Control;
let ids: string[];
let events = 0;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 120 }));
  ids = [...control.all('people')].map(({ id }) => id);
  await engine.delta('people');
});
beforeEach(async () => {
  control.latencyMs = 0;
  // one that works through the inbox looks for more for a moment
  await engine.temporal.client.workflow
    .getHandle(workflowIds.inbox(target))
    .result()
    .catch(() => undefined);
  control.clearLog();
});

/** As the server does before it acknowledges. */
async function store(...records: string[]): Promise<void> {
  const stored = records.map((id) => ({
    connectionId,
    eventId: `event-${++events}`,
    type: 'people.v2.events.person.updated',
    entity: 'people',
    id,
    headers: {},
    body: '{}',
  }));
  expect((await storeEvents(engine.db, stored)).stored).toBe(records.length);
}

const open = async () => Number((await engine.db('tidemark.inbox').whereNull('done_at').count())[0]?.count);

/** The sweep takes what has lain for ten seconds. */
const lain = () =>
  engine.db.raw(`update tidemark.inbox set opened_at = opened_at - interval '1 minute' where done_at is null`);

async function sweep(): Promise<{ lostRuns: number; started: number }> {
  return (await engine.start<{ lostRuns: number; started: number }>(workflowNames.sweep, {})).result();
}

function changeSome(name: string, changed: readonly string[]): void {
  for (const id of changed) control.change('people', id, { attributes: { last_name: name } });
}

test('events that came while no worker ran are processed when one does: updates, creates and deletes', async () => {
  await engine.worker.stop();
  changeSome('While down', ids.slice(0, 60));
  const created = control.create('people', { attributes: { last_name: 'Created while down' } });
  const [deleted] = ids.slice(-1) as [string];
  control.delete('people', deleted);
  await store(...ids.slice(0, 60), created, deleted);
  await lain();
  await engine.startWorker();
  expect(await sweep()).toMatchObject({ started: 1 });
  await until(async () => (await open()) === 0);
  await expectEqual(engine, control);
});

test('what has only just come is left to the server that took it in', async () => {
  await store(ids[0] as string);
  expect(await sweep()).toMatchObject({ started: 0 });
  expect(await open()).toBe(1);
  await engine.record('people', ids[0] as string);
  expect(await open()).toBe(0);
});

test('an event is done only by an answer that was asked for after it came', async () => {
  const [id] = ids as [string];
  await store(id);
  control.latencyMs = 2_000;
  const running = engine.record('people', id);
  await afterRequests(control, 1, () => undefined);
  changeSome('During the answer', [id]);
  await store(id);
  await running;
  expect(await open()).toBe(1);
  const [left] = await engine.db('tidemark.inbox').whereNull('done_at');
  expect(left.event_id).toBe(`event-${events}`);
  await engine.record('people', id);
  expect(await open()).toBe(0);
  expect((await engine.rows(people)).get(id)?.last_name).toBe('During the answer');
});

test('an event is done in the transaction of the row, or not at all', async () => {
  const [, id] = ids as [string, string];
  await store(id);
  changeSome('Together', [id]);
  // the row can be written, the event can't be ended
  await engine.db.raw(`create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$`);
  await engine.db.raw('create trigger refuse before update on tidemark.inbox for each row execute function refuse()');
  const handle = await engine.start(workflowNames.singleRecord, { ...target, id });
  await until(() => control.logSummary().requests >= 2);
  expect((await engine.rows(people)).get(id)?.last_name).not.toBe('Together');
  await engine.db.raw('drop trigger refuse on tidemark.inbox');
  await handle.result();
  expect(await open()).toBe(0);
  expect((await engine.rows(people)).get(id)?.last_name).toBe('Together');
});

test('a workflow that is terminated in the middle leaves its events open, and the sweep has them processed', async () => {
  const some = ids.slice(20, 40);
  changeSome('Terminated', some);
  await store(...some);
  await lain();
  control.latencyMs = 3_000;
  const { client } = engine.temporal;
  expect(await sweep()).toMatchObject({ started: 1 });
  await afterRequests(control, 1, () => undefined);
  await client.workflow.getHandle(workflowIds.inbox(target)).terminate('by the test');
  expect(await open()).toBe(some.length);
  control.latencyMs = 0;
  expect(await sweep()).toMatchObject({ started: 1 });
  await until(async () => (await open()) === 0);
  await expectEqual(engine, control);
});

test('events that arrive while the inbox is being worked through are not forgotten', async () => {
  control.latencyMs = 20;
  const some = ids.slice(0, 40);
  changeSome('First', some);
  await store(...some);
  await lain();
  await sweep();
  for (let burst = 0; burst < 5; burst++) {
    await sleep(30);
    changeSome(`Burst ${burst}`, some);
    await store(...some);
  }
  await until(async () => (await open()) === 0);
  await expectEqual(engine, control);
});

test('the same event delivered again changes nothing', async () => {
  const again = {
    connectionId,
    eventId: 'event-1',
    type: 'x',
    entity: 'people',
    id: ids[0] as string,
    headers: {},
    body: '{}',
  };
  expect(await storeEvents(engine.db, [again, again])).toMatchObject({ stored: 0, duplicates: 2 });
  expect(await open()).toBe(0);
});

/** Stored, and fetched; each by a workflow of its own, so that even those of one record run side by side. */
const told = async (id: string) => {
  await store(id);
  return engine.record('people', id);
};

test('created, updated and deleted within one second, whoever is told of it when', async () => {
  const steps = ['create', 'update', 'delete'] as const;
  const fetches: Promise<unknown>[] = [];
  const born: string[] = [];
  for (const silent of [[], ['create'], ['update'], ['delete'], ['create', 'update']] as (typeof steps)[number][][]) {
    const id = control.create('people', { attributes: { first_name: 'Short', last_name: 'Lived' } });
    born.push(id);
    if (!silent.includes('create')) fetches.push(told(id));
    control.change('people', id, { attributes: { last_name: 'Changed' } });
    if (!silent.includes('update')) fetches.push(told(id));
    control.delete('people', id);
    // the webhook of the delete is late, or never comes
    if (!silent.includes('delete')) fetches.push(told(id));
    fetches.push(told(id));
  }
  await Promise.all(fetches);
  expect(await open()).toBe(0);
  const rows = await engine.rows(people);
  expect(born.filter((id) => rows.has(id))).toEqual([]);
  await expectEqual(engine, control);
});

test('a record that changes, and one that is deleted, while a reconciliation reads the list', async () => {
  await aMinuteLater(engine);
  control.latencyMs = 100;
  control.clearLog();
  const [changed, deleted] = ids.slice(50) as [string, string];
  const reconciliation = engine.reconcile('people');
  await afterRequests(control, 1, () => {
    control.change('people', changed, { attributes: { last_name: 'Meanwhile' } });
    control.delete('people', deleted);
  });
  await Promise.all([told(changed), told(deleted)]);
  expect(await reconciliation).toMatchObject({ outcome: 'succeeded' });
  expect((await engine.rows(people)).get(changed)?.last_name).toBe('Meanwhile');
  expect(await open()).toBe(0);
  await expectEqual(engine, control);
});
