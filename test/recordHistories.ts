import { z } from 'zod';
import { approvePlan } from '../clients/operations/work/decide';
import type { Simulator } from '../connectors/planning-center/simulator';
import { prepareImport, storeUpload } from '../destination/imports/uploads';
import { storeEvents } from '../destination/inbox/inbox';
import { defineConnector } from '../schema/definition/connector';
import { defineFileEntity } from '../schema/definition/entity';
import { againSignal, type ReconciliationResult, workflowNames } from '../schema/workflows';
import { itemList, itemsTable, oneItem, startBoards } from './invariants/boardsSource';
import { aMinuteLater, until } from './invariants/support';
import { secretValue, someThings, startThings, thingsPage } from './invariants/thingsSource';
import { contactIds, contactsOfCustomers, engineOf, startCustomers } from './related/customerSource';
import { connectionId, type Engine, startChurch, startEngine } from './support/engine';
import { record } from './support/recordedHistories';

/**
 * Runs every workflow along its interesting paths and keeps the histories, for the replay tests. To be run again when a
 * workflow has taken a new path; what was recorded before a change shows whether runs under way survive it.
 */
const { deltaSync, reconciliation, singleRecord, syncRecords, applyPlan, sweep } = workflowNames;
const { auditMapping, lookAt, firstPage, probe, verify, backfill, remap, touch, importFile } = workflowNames;
const people = { connectionId, entity: 'people' };
const things = { connectionId, entity: 'things' };
const delta = { ...people, trigger: 'api' } as const;
const byTest = { actor: 'test', reason: 'recorded' };

/** Runs a workflow to its end, however it ends, and keeps its history. */
async function run<T>(engine: Engine, path: string, workflow: string, input: object): Promise<T | undefined> {
  const handle = await engine.start<T>(workflow, input);
  try {
    return (await handle.result()) as T;
  } catch {
    return undefined;
  } finally {
    await record(`${workflow}.${path}`, handle);
  }
}

describe('a source with everything', () => {
  let engine: Engine;
  let control: Simulator['control'];
  let ids: string[];

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 250 }));
    ids = [...control.all('people')].map(({ id }) => id);
  });
  afterEach(() => {
    control.clearFaults();
    control.latencyMs = 0;
  });

  const start = (workflow: string, input: object) => engine.start<unknown>(workflow, input);

  test(deltaSync, async () => {
    await run(engine, 'first', deltaSync, delta);
    await run(engine, 'at-once', deltaSync, delta);
    control.addFault({ match: 'where[updated_at]', fault: { kind: 'status', status: 401 } });
    await run(engine, 'failing', deltaSync, delta);
    control.clearFaults();
    // longer than is waited within the activity
    const wait = { kind: 'status', status: 429, headers: { 'Retry-After': '12' } } as const;
    control.addFault({ match: 'where[updated_at]', count: 1, fault: wait });
    const parked = await start(deltaSync, delta);
    await until(() => control.faults()[0]?.struck === 1);
    await run(engine, 'already-running', deltaSync, delta);
    await parked.result();
    await record('deltaSync.deferred', parked);
    control.latencyMs = 3_000;
    const cancelled = await start(deltaSync, { ...delta, full: true });
    control.clearLog();
    await until(() => control.logSummary().requests > 0);
    await cancelled.cancel();
    await cancelled.result().catch(() => undefined);
    await record('deltaSync.cancelled', cancelled);
  });

  test(singleRecord, async () => {
    const [id] = ids as [string];
    await run(engine, 'once', singleRecord, { ...people, id });
    await run(engine, 'gone', singleRecord, { ...people, id: '999' });
    const broken = { match: `/people/${id}`, count: 1, fault: { kind: 'status', status: 500 } } as const;
    control.addFault(broken);
    await run(engine, 'tried-again', singleRecord, { ...people, id });
    // while it waits for the second, ordinary activity
    control.clearFaults();
    control.addFault(broken);
    control.addFault({ match: `/people/${id}`, skip: 1, count: 1, fault: { kind: 'slow', ms: 700 } });
    const debounced = await start(singleRecord, { ...people, id });
    control.clearLog();
    await until(() => control.faults()[1]?.struck === 1);
    for (let event = 0; event < 3; event++) await debounced.signal(againSignal);
    await debounced.result();
    await record('singleRecord.debounced', debounced);
    await aMinuteLater(engine);
    await disputeRow(id);
    await run(engine, 'disputed', singleRecord, { ...people, id });
  });

  /** The row holds a version that went back at the source, received just now: the next answer disputes it. */
  const disputeRow = (id: string) =>
    engine.db.raw(
      `update planning_center_people set _version = '2099-01-01T00:00:00.000000000Z', last_name = 'Disputed',
       _sent_at = now() - interval '1 second', _received_at = now() where external_id = ?`,
      [id],
    );

  test(syncRecords, async () => {
    const events = ids.slice(0, 60).map((id) => ({
      connectionId,
      eventId: `event-${id}`,
      type: 'person.updated',
      entity: 'people',
      id,
      headers: {},
      body: '{}',
    }));
    await storeEvents(engine.db, events.slice(0, 30));
    control.latencyMs = 50;
    const inbox = await start(syncRecords, { ...people, batch: { of: 'inbox' } });
    await storeEvents(engine.db, events.slice(30));
    await inbox.signal(againSignal);
    await inbox.result();
    await record('syncRecords.inbox', inbox);
    control.latencyMs = 0;
    await run(engine, 'ids', syncRecords, { ...people, batch: { of: 'ids', ids: ids.slice(0, 3) } });
    await run(engine, 'disputes', syncRecords, { ...people, batch: { of: 'disputes' } });
  });

  test(sweep, async () => {
    await run(engine, 'nothing', sweep, {});
    const [, id] = ids as [string, string];
    await storeEvents(engine.db, [
      { connectionId, eventId: 'left', type: 'person.updated', entity: 'people', id, headers: {}, body: '{}' },
    ]);
    await engine.db.raw(`update tidemark.inbox set opened_at = opened_at - interval '1 minute' where done_at is null`);
    await run(engine, 'inbox', sweep, {});
  });

  test(reconciliation, async () => {
    await aMinuteLater(engine);
    await run(engine, 'equal', reconciliation, delta);
    for (const id of ids.slice(5, 8)) control.delete('people', id);
    control.commitLate('people', ids[9] as string, 5 * 86_400_000, { last_name: 'Late' });
    await run(engine, 'dry', reconciliation, { ...delta, dryRun: true });
    const deletes = await start(reconciliation, delta);
    const { runId } = (await deletes.result()) as ReconciliationResult;
    await record('reconciliation.deletes', deletes);
    const { client } = engine.temporal;
    await record('syncRecords.plan', client.workflow.getHandle(`${deletes.workflowId}/plan/${runId}`));
    await aMinuteLater(engine);
    await disputeRow(ids[10] as string);
    await run(engine, 'dispute', reconciliation, delta);
    control.addFault({ match: 'fields[Person]', fault: { kind: 'html' } });
    await run(engine, 'failing', reconciliation, delta);
    control.clearFaults();
  });

  test(applyPlan, async () => {
    await aMinuteLater(engine);
    for (const id of ids.slice(20, 170)) control.delete('people', id);
    const waiting = await run<ReconciliationResult>(engine, 'waiting', reconciliation, delta);
    const context = { db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue };
    const { handle: plan } = await approvePlan(context, waiting?.planId as string, byTest);
    await plan.result();
    await record('applyPlan.confirmed', plan);
    await run(engine, 'unknown', applyPlan, { ...people, planId: '999999' });
  });
});

test('a source without `one`: absence is confirmed by a second scan', async () => {
  const { connector, source, records } = await startThings(someThings(250), { listings: { all: thingsPage } });
  const secrets = { token: secretValue };
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl }, secrets });
  const input = { ...things, trigger: 'api' };
  await engine.delta('things');
  await aMinuteLater(engine, 'acme_things');
  records.delete('t1007');
  await run(engine, 'two-scans', reconciliation, input);
  for (let number = 1010; number < 1140; number++) records.delete(`t${number}`);
  await aMinuteLater(engine, 'acme_things');
  const { planId } = await engine.reconcile('things');
  const context = { db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue };
  const { handle: plan } = await approvePlan(context, planId as string, byTest);
  await plan.result();
  await record('applyPlan.second-scan', plan);
});

test('children of so many parents that one activity takes several', async () => {
  const { engine, boards, items, statuses } = await startBoards(60, { listings: { all: itemList, one: oneItem } });
  await engine.delta('boards');
  const input = { connectionId, entity: 'items', trigger: 'api' };
  await run(engine, 'of-parents', deltaSync, input);
  for (const table of ['work_boards', itemsTable]) await aMinuteLater(engine, table);
  statuses.set('b003', 403);
  items.delete('b007-1');
  boards.delete('b009');
  for (const child of ['b009-0', 'b009-1']) items.delete(child);
  await engine.reconcile('boards');
  await run(engine, 'of-parents', reconciliation, input);
});

test('related records are compared, and what differs is read', async () => {
  const { readAgain: _, ...contacts } = contactsOfCustomers;
  const related = { contacts: { ...contacts, ids: contactIds, version: 'modified_at' } };
  const world = await startCustomers(9, { related });
  const engine = await engineOf(world);
  await engine.delta('customers');
  await aMinuteLater(engine, 'acme_customers');
  world.removeContact(1);
  world.customers.delete('c5');
  await run(engine, 'of-related', reconciliation, { connectionId, entity: 'customers', trigger: 'api' });
});

test('a harmless change at the source', async () => {
  const { engine } = await startChurch({ people: 5 });
  const row = { connection_id: connectionId, entity: 'people', external_id: '1', text: 'a test' };
  const [{ id }] = await engine.db('tidemark.touches').insert(row).returning('id');
  await run(engine, 'ended', touch, { ...people, touchId: String(id) });
  await run(engine, 'lost', touch, { ...people, touchId: '999' });
});

test('a file that is imported, counted only, and refused', async () => {
  const lines = defineFileEntity({
    name: 'lines',
    row: z.object({ code: z.string() }),
    import: { columns: { code: 'Code' }, key: 'code' },
  });
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [lines],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: 'http://127.0.0.1:9' } });
  const target = { connectionId, entity: 'lines' };
  const send = async (path: string, text: string, dryRun: boolean) => {
    async function* bytes(): AsyncGenerator<Buffer> {
      yield Buffer.from(text);
    }
    const { id } = await storeUpload(engine.db, { ...target, name: 'lines.csv', most: 1_000 }, bytes());
    await prepareImport(engine.db, id, { asOf: new Date(), set: {} });
    await run(engine, path, importFile, { ...target, importId: id, dryRun, trigger: 'api' });
  };
  await send('dry', 'Code\n001\n002\n', true);
  await send('done', 'Code\n001\n002\n', false);
  await send('refused', 'Other\n001\n', false);
});

test('what an operator asks', async () => {
  const { engine, control } = await startChurch({ people: 120 });
  const [id] = [...control.all('people')].map((person) => person.id) as [string];
  await engine.delta('people');
  await run(engine, 'live', lookAt, { ...people, id });
  await run(engine, 'unknown', lookAt, { ...people, id: '999' });
  await run(engine, 'read', firstPage, { ...people, key: 'one' });
  await run(engine, 'done', probe, people);
  await run(engine, 'done', auditMapping, people);
  await run(engine, 'sample', verify, { ...people, sample: 20 });
  await run(engine, 'all', verify, { ...people, sample: null });
  const since = '2020-01-01T00:00:00.000Z';
  control.latencyMs = 500;
  const first = await engine.start<unknown>(backfill, { ...delta, since });
  control.clearLog();
  await until(() => control.logSummary().requests > 0);
  await run(engine, 'already-running', backfill, { ...delta, since });
  control.latencyMs = 0;
  await first.result();
  await record('backfill.done', first);
  control.addFault({ match: 'where[updated_at]', fault: { kind: 'status', status: 401 } });
  await run(engine, 'failing', backfill, { ...delta, since });
  control.clearFaults();
  await run(engine, 'done', remap, delta);
});
