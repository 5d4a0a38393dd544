import { cancelRun, resumeConnection } from '../../clients/operations/waits/endWait';
import { waitingRuns } from '../../destination/runs/waits';
import { type RunResult, workflowNames } from '../../schema/workflows';
import { type Control, expectEqual, lastRun, until } from '../invariants/support';
import { connectionId, type Engine, startChurch } from '../support/engine';

/** A long wait that a source asks for is seen, and an operator can end it, or the run. */
const by = { actor: 'test', reason: 'the source is well again' };
const hour = 3_600;
let engine: Engine;
let control: Control;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 120 }));
  await engine.delta('people');
});

const context = () => {
  const { db, connector, temporal, taskQueue } = engine;
  return { db, connectors: [connector], client: temporal.client, taskQueue };
};

/** Begins a full delta whose source says wait for an hour, and returns when it waits. */
async function waitingDelta() {
  control.clearFaults();
  control.addFault({
    match: '/people',
    count: 1,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': String(hour) } },
  });
  const handle = await engine.start<RunResult>(workflowNames.deltaSync, {
    ...{ connectionId, entity: 'people', trigger: 'api', full: true },
  });
  await until(async () => (await waitingRuns(engine.db, connectionId)).length > 0);
  const [waiting] = await waitingRuns(engine.db, connectionId);
  await until(async () => (await handle.describe()).raw.pendingActivities?.[0]?.state === 1);
  return { handle, waiting };
}

test('it says until when, on whose word, and which run', async () => {
  const { handle, waiting } = await waitingDelta();
  const inSeconds = (Number(waiting?.until) - Date.now()) / 1000;
  expect(waiting).toMatchObject({ connectionId, entity: 'people', runId: (await lastRun(engine)).id });
  expect(waiting?.reason).toMatch(/429/);
  expect(Math.abs(inSeconds - hour)).toBeLessThan(120);
  // the operator's word lets it go on now
  const { resumed } = await resumeConnection(context(), connectionId, by);
  expect(resumed.map(({ runId }) => runId)).toEqual([waiting?.runId]);
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded', runId: waiting?.runId });
  expect(await waitingRuns(engine.db)).toEqual([]);
  await expectEqual(engine, control);
  const { rows } = await engine.db.raw(`select actor, action, reason from tidemark.audit where action = 'resume'`);
  expect(rows).toEqual([{ ...by, action: 'resume' }]);
});

test('a run that waits is ended by an operator, with the reason, and the next one goes on', async () => {
  const { handle, waiting } = await waitingDelta();
  await cancelRun(context(), waiting?.runId ?? '', by);
  await expect(handle.result()).rejects.toThrow();
  await until(async () => (await lastRun(engine)).status !== 'running');
  expect(await lastRun(engine)).toMatchObject({ id: waiting?.runId, status: 'cancelled' });
  await expect(cancelRun(context(), waiting?.runId ?? '', by)).rejects.toMatchObject({ type: 'Usage' });
  await resumeConnection(context(), connectionId, by);
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
  const { rows } = await engine.db.raw(`select actor, reason from tidemark.audit where action = 'cancel'`);
  expect(rows).toEqual([by]);
});
