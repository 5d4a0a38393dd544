import { planningCenter } from '../../connectors/planning-center/connector';
import { priorities } from '../../schema/ports';
import { type RunResult, type SingleRecordResult, workflowNames } from '../../schema/workflows';
import { connectionId, type Engine, startChurch } from '../support/engine';
import { quick } from '../support/quick';
import { type Control, cursor, lastRun, until } from './support';

/** Invariant 13: a source that says wait is obeyed by everyone. How requests are counted: see destination/budget/budget.test.ts. */
const people = { connectionId, entity: 'people' };
const delta = { ...people, trigger: 'api' };

async function budget(engine: Engine): Promise<{ blocked_for: number | null; waiting_until: string[] }> {
  const { rows } = await engine.db.raw(`select waiting_until::text[],
    extract(epoch from blocked_until - clock_timestamp())::float8 as blocked_for from tidemark.budgets`);
  return rows[0] ?? { blocked_for: null, waiting_until: [] };
}

describe('a source that says 429', () => {
  let engine: Engine;
  let control: Control;
  let ids: string[];
  const says = (seconds: number, match: string) =>
    control.addFault({
      match,
      count: 1,
      fault: { kind: 'status', status: 429, headers: { 'Retry-After': String(seconds) } },
    });

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 250 }));
    ids = [...control.all('people')].map(({ id }) => id);
    await engine.delta('people');
  });
  beforeEach(() => {
    control.clearFaults();
    control.clearLog();
  });

  test('for a second: nobody asks it anything meanwhile, and the attempt goes on', async () => {
    says(1, 'where[updated_at]');
    const running = engine.delta('people');
    await until(async () => ((await budget(engine)).blocked_for ?? 0) > 0);
    const record = engine.record('people', ids[0] as string);
    await Promise.all([running, record]);
    const [refused, ...later] = control.log();
    expect(refused?.status).toBe(429);
    const answered = Date.parse(refused?.at ?? '') + (refused?.milliseconds ?? 0);
    expect(later.length).toBeGreaterThan(1);
    for (const { at } of later) expect(Date.parse(at) - answered).toBeGreaterThan(900);
    expect(await retries()).toBe(0);
  });

  test('for ten minutes: the run is parked in Temporal, holds no slot, and keeps its place', async () => {
    const before = await cursor(engine);
    says(600, 'where[updated_at]');
    const handle = await engine.start<RunResult>(workflowNames.deltaSync, delta);
    const parked = async () => (await handle.describe()).raw.pendingActivities?.[0];
    // waiting for its next attempt, which is not under way
    await until(async () => (await parked())?.attempt === 2 && (await parked())?.state === 1);
    const next = Number((await parked())?.scheduledTime?.seconds ?? 0) * 1000;
    expect(next - Date.now()).toBeGreaterThan(300_000);
    const { status, leaseUntil } = await lastRun(engine);
    expect(status).toBe('running');
    expect(leaseUntil.getTime()).toBeGreaterThan(Date.now() + 300_000);
    expect(await engine.delta('people')).toMatchObject({ outcome: 'already-running' });

    // another worker, another strategy, a webhook: all of one account
    const second = await engine.startWorker();
    await engine.worker.stop();
    expect((await budget(engine)).blocked_for).toBeGreaterThan(300);
    const record = await engine.start<SingleRecordResult>(workflowNames.singleRecord, { ...people, id: ids[0] });
    await until(async () => ((await record.describe()).raw.pendingActivities?.[0]?.attempt ?? 0) === 2);
    expect(control.log().map(({ status }) => status)).toEqual([429]);

    // the ten minutes pass
    await engine.db.raw('update tidemark.budgets set blocked_until = clock_timestamp()');
    for (const { workflowId } of [handle, record]) await again(workflowId);
    expect(await handle.result()).toMatchObject({ outcome: 'succeeded' });
    expect(await record.result()).toMatchObject({ outcome: 'unchanged' });
    expect(await cursor(engine)).toBeGreaterThan(before ?? 0);
    await second.stop();
  }, 60_000);

  /** Has Temporal make the next attempt of what it has parked now. */
  async function again(workflowId: string): Promise<void> {
    const { client, namespace } = engine.temporal;
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const id = raw.pendingActivities?.[0]?.activityId ?? '';
    const activity = { namespace, execution: { workflowId }, id, identity: 'test' };
    // whoever lifts a pause does not wait for the time that was set before
    await client.workflowService.pauseActivity(activity);
    await client.workflowService.unpauseActivity(activity);
  }

  /** Attempts beyond the first that Temporal made. */
  const retries = async () => {
    let found = 0;
    for await (const { workflowId } of engine.temporal.client.workflow.list()) {
      const { events } = await engine.temporal.client.workflow.getHandle(workflowId).fetchHistory();
      for (const event of events ?? []) found += (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1;
    }
    return found;
  };
});

describe('a limit that is shared', () => {
  test('is kept by two workers that work on both entities and on webhooks at once', async () => {
    const connector = { ...quick(planningCenter), rateLimit: { requests: 20, per: '1h', concurrency: 4 } };
    const { engine, control } = await startChurch({ people: 2_000, donations: 2_000 }, {}, connector);
    await engine.startWorker();
    const records = [...control.all('people')].slice(0, 4).map(({ id }) => ({ ...people, id }));
    const handles = await Promise.all([
      ...['people', 'donations'].map((entity) => engine.start(workflowNames.deltaSync, { ...delta, entity })),
      ...records.map((input) => engine.start(workflowNames.singleRecord, input)),
    ]);
    // the hour's requests are used up; whoever is not done waits for the next hour
    const waitsOrIsDone = async (handle: (typeof handles)[number]) => {
      const { status, raw } = await handle.describe();
      const [parked] = raw.pendingActivities ?? [];
      return status.name !== 'RUNNING' || (parked?.attempt === 2 && parked.state === 1);
    };
    await until(async () => (await Promise.all(handles.map(waitsOrIsDone))).every(Boolean));
    expect(control.logSummary().requests).toBe(20);
    for (const handle of handles) await handle.terminate().catch(() => undefined);
  }, 60_000);

  test('is given to webhooks first, then to deltas, reconciliations and backfills', async () => {
    // so little that everyone has to wait
    const connector = { ...quick(planningCenter), rateLimit: { requests: 1, per: '3s', concurrency: 4 } };
    const { engine, control } = await startChurch({ people: 30 }, {}, connector);
    const [id] = [...control.all('people')].map((person) => person.id);
    const waits = (rank: number) =>
      until(async () => Number((await budget(engine)).waiting_until[rank]) > Date.now() + 500);
    await engine.delta('people');
    const full = await engine.start(workflowNames.deltaSync, { ...delta, full: true });
    await waits(priorities.indexOf('backfill'));
    await full.terminate();
    const scan = await engine.start(workflowNames.reconciliation, delta);
    await waits(priorities.indexOf('reconciliation'));
    await scan.terminate();
    const record = await engine.start(workflowNames.singleRecord, { ...people, id });
    await waits(priorities.indexOf('webhook'));
    await record.terminate();
  });
});
