import { defaultPayloadConverter } from '@temporalio/common';
import pino from 'pino';
import { noteEndedAttempt } from '../../activities/attempt/endedAttempt';
import { claimRun } from '../../destination/runs/runs';
import { TidemarkError } from '../../schema/errors';
import { workflowNames } from '../../schema/workflows';
import { activitiesOf, type RunActivity } from '../support/activities';
import { connectionId, type Engine, startChurch } from '../support/engine';
import { startChildWorker } from '../support/workers/children';
import { type Control, expectEqual, failureOf, lastRun, until } from './support';

/** Work that ends every worker which takes it up, as a page that needs more memory than there is, must not go round for ever. */
const target = { connectionId, entity: 'people' };
const size = 300;

let engine: Engine;
let control: Control;
let run: RunActivity;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: size }));
  await engine.delta('people');
  run = await activitiesOf(engine);
});
beforeEach(() => {
  control.latencyMs = 0;
  control.clearLog();
});

const part = (runId: string, { db } = engine) => db('tidemark.run_parts').where({ run_id: runId }).first();

let claims = 0;
async function claim(): Promise<string> {
  claims += 1;
  await engine.db.raw(`update tidemark.runs set status = 'lost' where status = 'running'`);
  const workflow = { workflowId: 'by hand', workflowRunId: `attempt ${claims}` };
  const claimed = await claimRun(engine.db, {
    ...target,
    strategy: 'delta',
    trigger: 'api',
    dryRun: false,
    full: true,
    ...workflow,
  });
  if (!('run' in claimed)) throw new Error('the place is taken');
  return claimed.run.id;
}

/** Attempts that have asked the source and are heard of no more, as when their processes were killed. */
async function loseAttempts(runId: string, from: number, to: number): Promise<Promise<unknown>[]> {
  const lost: Promise<unknown>[] = [];
  for (let attempt = from; attempt <= to; attempt += 1) {
    lost.push(failureOf(run('pull', attempt, { ...target, runId, listing: 'all', partition: '' })));
    await until(async () => (await part(runId))?.fence === attempt);
  }
  return lost;
}

test('the sixth attempt at a page that ends every worker fails the run and says why', async () => {
  const runId = await claim();
  control.latencyMs = 10_000;
  const lost = await loseAttempts(runId, 1, 5);
  const sixth = run('pull', 6, { ...target, runId, listing: 'all', partition: '' });
  await expect(sixth).rejects.toMatchObject({ type: 'WorkerLost', nonRetryable: true });
  await expect(sixth).rejects.toThrow(/5 attempts in a row .* the first at 20\d\d-.*memory.*pageSize/s);
  expect(await Promise.all(lost)).toEqual(Array(5).fill('FenceLost'));
}, 60_000);

test('attempts that end with an error which is retried, and those that advance, are not counted', async () => {
  const runId = await claim();
  const input = { ...target, runId, listing: 'all', partition: '' } as const;
  control.latencyMs = 5_000;
  const lost = await loseAttempts(runId, 1, 4);
  control.latencyMs = 0;
  const key = { runId, step: 'pull', partition: '', fence: 4 };
  const deps = { db: engine.db, log: pino({ level: 'silent' }) };
  // came too late, since the run would have ended with it: the worker was lost to Temporal
  await noteEndedAttempt(deps, key, new TidemarkError('ContractBroken', 'it is no list'));
  // of an attempt that another has taken over from
  await noteEndedAttempt(deps, { ...key, fence: 3 }, new TidemarkError('SourceUnavailable', '503'));
  expect(await part(runId)).toMatchObject({ tries: 4 });
  await noteEndedAttempt(deps, key, new TidemarkError('SourceAsksToWait', '429', { retryAfterMs: 60_000 }));
  expect(await part(runId)).toMatchObject({ tries: 0, tries_since: null });
  expect((await run('pull', 5, input)).records).toBe(size);
  expect(await part(runId)).toMatchObject({ tries: 0, tries_since: null });
  await Promise.all(lost);
  await run('finishDelta', 1, { ...target, runId });
}, 60_000);

test('a fetch by id that fails and is retried tells the next attempt that no worker was lost', async () => {
  const [person] = [...control.all('people')];
  control.addFault({ match: '/people', fault: { kind: 'status', status: 503 } });
  const handle = await engine.start(workflowNames.syncRecords, { ...target, batch: { of: 'ids', ids: [person?.id] } });
  const pending = async () => (await handle.describe()).raw.pendingActivities?.[0];
  await until(async () => (await pending())?.lastFailure != null);
  const [beat] = (await pending())?.heartbeatDetails?.payloads ?? [];
  expect(beat && defaultPayloadConverter.fromPayload(beat)).toEqual({});
  control.clearFaults();
  expect(await handle.result()).toMatchObject({ fetches: 1, counts: { unchanged: 1 } });
}, 60_000);

// it waits for heartbeats most of the time, so it runs beside the others
test.concurrent('workers that are killed at the same page: the run ends as failed, and the next one reads everything', async () => {
  const church = await startChurch({ people: size });
  await church.engine.delta('people');
  await church.engine.worker.stop();
  church.control.latencyMs = 30_000;
  const running = failureOf(church.engine.delta('people', true));
  const opened = async () => {
    const { id } = await lastRun(church.engine);
    return { id, tries: Number((await part(id, church.engine))?.tries ?? 0) };
  };
  const killOne = async (tries: number) => {
    const child = await startChildWorker(church.engine);
    await until(async () => (await opened()).tries === tries);
    await child.kill('SIGKILL');
  };
  await killOne(1);
  // as if three more had gone the same way, which takes a heartbeat's time-out each
  await church.engine.db.raw('update tidemark.run_parts set tries = tries + 3 where run_id = ?', [(await opened()).id]);
  await killOne(5);
  await church.engine.startWorker();
  expect(await running).toBe('WorkerLost');
  const failed = await lastRun(church.engine);
  expect(failed).toMatchObject({ status: 'failed', errorType: 'WorkerLost' });
  expect(failed.error).toMatch(/5 attempts in a row lost their worker/);
  church.control.latencyMs = 0;
  expect((await church.engine.delta('people', true)).outcome).toBe('succeeded');
  await expectEqual(church.engine, church.control);
}, 180_000);
