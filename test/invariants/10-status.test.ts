import { randomUUID } from 'node:crypto';
import { getRun } from '../../destination/runs/runs';
import { workflowNames } from '../../schema/workflows';
import { connectionId, type Engine, startChurch } from '../support/engine';
import { type Control, cursor, lastRun, until } from './support';

/** Invariant 10: a run shows as what it is, and one that crashed never blocks the next. */
let engine: Engine;
let control: Control;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 300 }));
  await engine.delta('people');
});
beforeEach(() => {
  control.latencyMs = 0;
});

/** A delta that is on, and has no answer before the test is done with it: with one, even a terminated run can have succeeded. */
async function slowDelta(latencyMs = 20_000) {
  const before = (await lastRun(engine)).id;
  control.latencyMs = latencyMs;
  const handle = await engine.start(workflowNames.deltaSync, { connectionId, entity: 'people', trigger: 'api' });
  await until(async () => (await lastRun(engine)).id !== before);
  const run = await lastRun(engine);
  expect(run).toMatchObject({ status: 'running', leaseExpired: false });
  return { handle, run };
}

const leaseExpires = (runId: string) =>
  engine.db.raw(`update tidemark.runs set lease_until = now() - interval '1 second' where id = ?`, [runId]);

const sweep = async () => (await engine.start<{ lostRuns: number }>(workflowNames.sweep, {})).result();

test('of a terminated workflow: terminated, as soon as the next one asks, and that one runs', async () => {
  const { handle, run } = await slowDelta();
  await handle.terminate();
  control.latencyMs = 0;
  // its lease still holds: somebody may be working on it
  expect(await engine.delta('people')).toMatchObject({ outcome: 'already-running', runId: run.id });
  await leaseExpires(run.id);
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
  expect(await getRun(engine.db, run.id)).toMatchObject({ status: 'terminated', errorType: 'Lost', cursorAfter: null });
});

test('… or as soon as the sweep comes by', async () => {
  const { handle, run } = await slowDelta();
  await handle.terminate();
  expect(await sweep()).toMatchObject({ lostRuns: 0 });
  await leaseExpires(run.id);
  expect(await sweep()).toMatchObject({ lostRuns: 1 });
  expect((await getRun(engine.db, run.id)).status).toBe('terminated');
});

test('of one whose lease has expired while its workflow is on: running, and its place stays taken', async () => {
  const { handle, run } = await slowDelta();
  await leaseExpires(run.id);
  expect(await engine.delta('people')).toMatchObject({ outcome: 'already-running', runId: run.id });
  expect(await getRun(engine.db, run.id)).toMatchObject({ status: 'running', leaseExpired: false });
  expect(await sweep()).toMatchObject({ lostRuns: 0 });
  control.latencyMs = 0;
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded' });
});

test('of one that Temporal does not know any more: lost', async () => {
  const { handle, run } = await slowDelta();
  await handle.terminate();
  await engine
    .db('tidemark.runs')
    .where({ id: run.id })
    .update({ workflow_id: 'forgotten', workflow_run_id: randomUUID() });
  await leaseExpires(run.id);
  control.latencyMs = 0;
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
  expect((await getRun(engine.db, run.id)).status).toBe('lost');
});

test('of one that was cancelled: cancelled, at once', async () => {
  const before = await cursor(engine);
  const { handle, run } = await slowDelta();
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(await getRun(engine.db, run.id)).toMatchObject({ status: 'cancelled', cursorAfter: null });
  expect(await cursor(engine)).toBe(before);
  control.latencyMs = 0;
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
});

test('a delta and a reconciliation of the same entity do not stand in each other’s way', async () => {
  const { handle } = await slowDelta(2_000);
  control.latencyMs = 0;
  expect(await engine.reconcile('people')).toMatchObject({ outcome: 'succeeded' });
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded' });
});

test('ten at once: one runs, nine end as already running', async () => {
  // the one that runs has no answer before the others have ended
  control.latencyMs = 20_000;
  let ended = 0;
  const started = Array.from({ length: 10 }, async () => {
    const result = await engine.delta('people');
    ended += 1;
    return result;
  });
  await until(() => ended === 9);
  control.latencyMs = 0;
  const results = await Promise.all(started);
  expect(results.filter(({ outcome }) => outcome === 'already-running')).toHaveLength(9);
});

test('a connection that is switched off is not read', async () => {
  await engine.db.raw('update tidemark.connections set enabled = false');
  control.clearLog();
  // a changed connection is noticed within seconds
  await until(async () => (await engine.delta('people')).outcome === 'disabled');
  control.clearLog();
  expect(await engine.reconcile('people')).toMatchObject({ outcome: 'disabled', runId: null });
  expect(control.logSummary().requests).toBe(0);
  await engine.db.raw('update tidemark.connections set enabled = true');
});
