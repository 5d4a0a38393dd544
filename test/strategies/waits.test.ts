import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { coloursFor } from '../../clients/cli/terminal/shell';
import { runText } from '../../clients/cli/text/parts/runText';
import { statusText } from '../../clients/cli/text/parts/statusText';
import { readyContext } from '../../clients/operations/definition/context';
import { fetchRecord } from '../../clients/operations/work/records';
import { startDeltas } from '../../clients/operations/work/runs/runs';
import { showRun } from '../../clients/operations/work/runs/showRuns';
import { showStatus } from '../../clients/operations/work/status';
import { cancelRun, resumeConnection } from '../../clients/operations/work/waits';
import { createBudget } from '../../destination/budget/budget';
import { removeConnection } from '../../destination/connections/removeConnection';
import { noteWait, waitingRuns } from '../../destination/runs/waits';
import { type RunResult, workflowNames } from '../../schema/workflows';
import { type Control, expectEqual, lastRun, until } from '../invariants/support';
import { connectionId, type Engine, startChurch } from '../support/engine';

/** An operator sees a long wait that a source asks for, and can end it, or the run. Two workers share the work. */
const by = { actor: 'test', reason: 'the source is well again' };
const people = { connection: connectionId, entity: 'people' };
const size = 250;
let engine: Engine;
let control: Control;
/** Temporal hears of a failed attempt only after this. */
let heldUntil: Promise<void> | undefined;

const holding: ActivityInterceptorsFactory = () => ({
  inbound: {
    execute: (input, next) =>
      next(input).catch(async (error: unknown) => {
        await heldUntil;
        throw error;
      }),
  },
});

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: size }, { activityInterceptors: [holding] }));
  await engine.startWorker();
  await engine.delta('people');
});
beforeEach(() => control.clearFaults());

const context = () => {
  const { db, connector, temporal, taskQueue } = engine;
  return readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
};

const said429 = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } } as const;
const quota403 = {
  kind: 'status',
  status: 403,
  headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '3600' },
} as const;

type Fault = typeof said429 | typeof quota403;

/** Starts a workflow whose source says wait for an hour where `match` is asked, and returns once its run shows it. */
async function shownWaiting(match: string, fault: Fault, workflow: string, input: object, skip = 0) {
  control.addFault({ match, skip, count: 1, fault });
  const handle = await engine.start<RunResult>(workflow, { connectionId, entity: 'people', trigger: 'api', ...input });
  await until(async () => (await waitingRuns(engine.db, connectionId)).length > 0);
  const [run] = await waitingRuns(engine.db, connectionId);
  if (run === undefined) throw new Error('the run does not wait');
  return { handle, run };
}

/** The same, once Temporal has deferred it: the wait is noted just before Temporal hears of it. */
async function waiting(...wait: Parameters<typeof shownWaiting>) {
  const shown = await shownWaiting(...wait);
  await until(async () => (await deferred(shown.handle.workflowId)) > 0);
  return shown;
}

/** Activities of a workflow and its children that wait for their next attempt. */
async function deferred(workflowId: string): Promise<number> {
  const { raw } = await engine.temporal.client.workflow.getHandle(workflowId).describe();
  const own = (raw.pendingActivities ?? []).filter(({ state, lastFailure }) => state === 1 && lastFailure).length;
  const children = await Promise.all((raw.pendingChildren ?? []).map((child) => deferred(child.workflowId ?? '')));
  return children.reduce((sum, count) => sum + count, own);
}

/** The first page is answered, the second one is not. */
const fullDelta = (fault: Fault = said429) => waiting('/people?', fault, workflowNames.deltaSync, { full: true }, 1);

describe.each([
  ['429 with Retry-After', said429, /answered 429 with Retry-After: 3600/],
  ['403 with a used-up quota', quota403, /answered 403 with X-RateLimit-Reset: 3600/],
])('a source that says wait an hour: %s', (_name, fault, said) => {
  test('a run that waits goes on at once when an operator says so', async () => {
    const { handle, run } = await fullDelta(fault);
    const inSeconds = (run.until.getTime() - Date.now()) / 1000;
    expect(run).toMatchObject({ connectionId, entity: 'people', runId: (await lastRun(engine)).id });
    expect(run.reason).toMatch(said);
    expect(Math.abs(inSeconds - 3_600)).toBeLessThan(120);
    const ended = await resumeConnection(context(), { connection: connectionId }, by);
    expect(ended).toMatchObject({ resumed: 1, wait: { because: expect.stringMatching(said) } });
    expect(ended.runs.map(({ runId }) => runId)).toEqual([run.runId]);
    expect(await handle.result()).toMatchObject({
      outcome: 'succeeded',
      runId: run.runId,
      pages: 3,
      counts: { unchanged: size },
    });
    expect(await waitingRuns(engine.db)).toEqual([]);
    await expectEqual(engine, control);
  });
});

describe('a wait that an operator ends before Temporal has heard of it', () => {
  let release: () => void = () => undefined;
  beforeEach(() => {
    heldUntil = new Promise((resolve) => {
      release = resolve;
    });
  });
  afterEach(() => {
    release();
    heldUntil = undefined;
  });
  const full = () => shownWaiting('/people?', said429, workflowNames.deltaSync, { full: true }, 1);
  const succeeded = { outcome: 'succeeded', pages: 3, counts: { unchanged: size } };

  test('a run that is deferred a little later goes on at once', async () => {
    const { handle } = await full();
    const resumed = resumeConnection(context(), { connection: connectionId }, by);
    await until(async () => (await waitingRuns(engine.db)).length === 0);
    release();
    expect(await resumed).toMatchObject({ resumed: 1 });
    expect(await handle.result()).toMatchObject(succeeded);
  });

  test('a run that is deferred after resume has looked goes on with the next sweep', async () => {
    const { handle, run } = await full();
    expect(await resumeConnection(context(), { connection: connectionId }, by)).toMatchObject({ resumed: 0 });
    release();
    await until(async () => (await deferred(handle.workflowId)) > 0);
    await (await engine.start(workflowNames.sweep, {})).result();
    expect(await handle.result()).toMatchObject({ ...succeeded, runId: run.runId });
  });

  test('a wait that the source asks for afterwards is obeyed', async () => {
    await resumeConnection(context(), { connection: connectionId }, by);
    release();
    const { handle, run } = await waiting('/people?', said429, workflowNames.deltaSync, { full: true }, 1);
    await (await engine.start(workflowNames.sweep, {})).result();
    expect(await deferred(handle.workflowId)).toBe(1);
    expect((await waitingRuns(engine.db)).map(({ runId }) => runId)).toEqual([run.runId]);
    await resumeConnection(context(), { connection: connectionId }, by);
    expect(await handle.result()).toMatchObject(succeeded);
  });

  test('a wait that was ended before it is noted is none, and a used-up budget is one', async () => {
    const wait = { connectionId, runId: null, milliseconds: 3_600_000, reason: 'said wait', byEngine: false };
    await createBudget(engine.db, { account: connectionId, priority: 'delta' }).block(3_600_000, 'said wait');
    const { resumes } = await noteWait(engine.db, wait);
    expect(await noteWait(engine.db, wait)).toEqual({ resumes, ended: false });
    await resumeConnection(context(), { connection: connectionId }, by);
    expect(await noteWait(engine.db, wait)).toEqual({ resumes: resumes + 1, ended: true });
    expect(await noteWait(engine.db, { ...wait, byEngine: true })).toEqual({ resumes: resumes + 1, ended: false });
  });
});

test('status, runs and sync say until when, and which response said so; record and remove say what to do', async () => {
  const { handle, run } = await fullDelta();
  const at = run.until.toISOString();
  const colours = coloursFor(process.stderr, { NO_COLOR: '1' });
  const status = statusText(colours, await showStatus(context(), { ...people, next: false }));
  const shown = runText(await showRun(context(), { run: run.runId, deleted: 0 }));
  for (const text of [status, shown]) {
    expect(text).toContain(`waits until ${at}`);
    expect(text).toMatch(/answered 429 with Retry-After: 3600/);
    expect(text).toContain(`tidemark cancel ${run.runId}`);
  }
  await expect(startDeltas(context(), { ...people, full: false })).rejects.toMatchObject({
    type: 'AlreadyRunning',
    message: expect.stringMatching(/It waits until .* answered 429 with Retry-After: 3600/),
  });
  await expect(fetchRecord(context(), { ...people, id: '1' })).rejects.toMatchObject({
    type: 'SourceAsksToWait',
    message: expect.stringContaining(`tidemark resume ${connectionId}`),
  });
  await expect(
    removeConnection(engine.db, connectionId, { entities: [], deleteRows: false }, by),
  ).rejects.toMatchObject({ type: 'AlreadyRunning', message: expect.stringContaining(`tidemark cancel ${run.runId}`) });
  await resumeConnection(context(), { connection: connectionId }, by);
  await handle.result();
});

test('a wait while records are fetched by id, in a child workflow, is seen and ended too', async () => {
  const [lost] = [...control.all('people')];
  await engine.db.raw(`delete from planning_center_people where external_id = ?`, [lost?.id ?? '']);
  const { handle, run } = await waiting(`/people/${lost?.id}`, said429, workflowNames.reconciliation, {});
  expect(run.reason).toMatch(/Retry-After: 3600/);
  expect(await resumeConnection(context(), { connection: connectionId }, by)).toMatchObject({ resumed: 1 });
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded', runId: run.runId });
  await expectEqual(engine, control);
});

test('a run that waits is cancelled by an operator, its place is free at once, and the next one goes on', async () => {
  const { handle, run } = await fullDelta();
  const cancelled = await cancelRun(context(), { run: run.runId }, by);
  expect(cancelled).toMatchObject({ runId: run.runId, status: 'cancelled' });
  expect(await lastRun(engine)).toMatchObject({ id: run.runId, status: 'cancelled', errorType: 'Cancelled' });
  await expect(cancelRun(context(), { run: run.runId }, by)).rejects.toMatchObject({ type: 'Usage' });
  await resumeConnection(context(), { connection: connectionId }, by);
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
  await expect(handle.result()).rejects.toThrow();
  expect((await lastRun(engine)).status).toBe('succeeded');
  const { rows } = await engine.db.raw(`select actor, reason, details from tidemark.audit where action = 'cancel'`);
  expect(rows).toEqual([{ ...by, details: { runId: run.runId } }]);
});

test('who ended waits, and why, is in the audit', async () => {
  await resumeConnection(context(), { connection: connectionId }, by);
  const { rows } = await engine.db.raw(
    `select actor, reason, connection_id from tidemark.audit where action = 'resume' order by id desc limit 1`,
  );
  expect(rows).toEqual([{ ...by, connection_id: connectionId }]);
  await expect(resumeConnection(context(), { connection: 'nobody' }, by)).rejects.toMatchObject({ type: 'NotFound' });
});
