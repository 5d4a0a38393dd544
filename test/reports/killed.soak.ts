import type { ServerResponse } from 'node:http';
import { type RunResult, workflowNames } from '../../schema/workflows';
import { until } from '../invariants/support';
import { connectionId, type Engine } from '../support/engine';
import { startChildWorker } from '../support/workers/children';
import { gzippedCsv, type ReportSource, type Step } from './reportSource';
import { reportWorld } from './world';

/** A worker process that is killed at a step of a report leaves a job that others go on with. */
const delta = { connectionId, entity: 'orders', trigger: 'api' } as const;
const count = 4_500;
const starts = (source: ReportSource) => source.steps().filter((step) => step === 'start').length;
const committed = async ({ db }: Engine) =>
  Number((await db('tidemark.run_parts').max('records as most'))[0]?.most ?? 0);

/** The next request of this step is answered only in part, or not at all; resolves when it has come. */
function silent(source: ReportSource, step: Step, begin: (response: ServerResponse) => void = () => undefined) {
  return new Promise<void>((resolve) => {
    source.fail(step, (response) => {
      begin(response);
      resolve();
    });
  });
}

test('killed while it asks for the state, for the address, and in the middle of the document', async () => {
  const { engine, source } = await reportWorld('posted', count);
  await engine.worker.stop();
  source.pending = 0;
  const half = (response: ServerResponse) => {
    const body = gzippedCsv(source.jobs[0] as never);
    response.writeHead(200, { 'Content-Length': body.length }).write(body.subarray(0, Math.floor(body.length * 0.8)));
  };
  const handle = await engine.start<RunResult>(workflowNames.deltaSync, delta);
  for (const [step, begin] of [['poll'], ['link'], ['document', half]] as const) {
    const asked = silent(source, step, begin);
    const child = await startChildWorker(engine);
    await asked;
    if (step === 'document') await until(async () => (await committed(engine)) > 0);
    await child.kill('SIGKILL');
  }
  const before = await committed(engine);
  expect(before).toBeLessThan(count);
  await engine.startWorker();
  // each row is counted once, so the last attempt went on after the committed ones
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded', counts: { inserted: count, unchanged: 0 } });
  expect(starts(source)).toBe(1);
  expect(source.jobs).toHaveLength(1);
}, 180_000);

test('killed while it starts the job: no other one is started before the life of the first is over', async () => {
  const { engine, source } = await reportWorld('capped', 12);
  await engine.worker.stop();
  const asked = silent(source, 'start');
  const handle = await engine.start<RunResult>(workflowNames.deltaSync, delta);
  const child = await startChildWorker(engine);
  await asked;
  await child.kill('SIGKILL');
  const jobs = () => engine.db('tidemark.report_jobs').orderBy('id').pluck('state');
  expect(await jobs()).toEqual(['starting']);
  await engine.startWorker();
  const waits = async () => String((await engine.db('tidemark.runs').first())?.waiting_reason ?? '');
  await until(async () => (await waits()).includes('was not answered'));
  expect(starts(source)).toBe(1);
  await engine.db.raw('update tidemark.report_jobs set sent = sent - 3700000');
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded', counts: { inserted: 12 } });
  expect(starts(source)).toBe(2);
  expect(await jobs()).toEqual(['lost', 'running']);
}, 180_000);
