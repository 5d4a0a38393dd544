import type { WorkflowHandle } from '@temporalio/client';
import { coloursFor } from '../../clients/cli/terminal/shell';
import { statusText } from '../../clients/cli/text/parts/statusText';
import { checkConnection } from '../../clients/operations/connections/checkConnection';
import { readyContext } from '../../clients/operations/definition/context';
import { showStatus } from '../../clients/operations/work/status';
import type { ListingInput } from '../../schema/definition/listings/listing';
import { type RunResult, workflowNames } from '../../schema/workflows';
import { until } from '../invariants/support';
import { connectionId, type Engine, ring } from '../support/engine';
import { cappedReport } from './definitions';
import type { ReportSource } from './reportSource';
import { reportWorld } from './world';

/** Reports through the whole engine: Temporal makes the waits, and the cursor and absence need the whole. */

/** How long until Temporal tries the activity that waits again; undefined while there is none. */
async function nextAttemptMs(handle: WorkflowHandle): Promise<number | undefined> {
  const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
  // 1: it is scheduled, so no worker has it
  if (activity?.state !== 1 || !activity.lastFailure) return undefined;
  return Number(activity.scheduledTime?.seconds ?? 0) * 1_000 - Date.now();
}

async function goOn({ temporal }: Engine, handle: WorkflowHandle): Promise<void> {
  const { client, namespace } = temporal;
  const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
  const execution = { workflowId: handle.workflowId };
  await client.workflowService.resetActivity({
    namespace,
    execution,
    id: activity?.activityId ?? '',
    identity: 'test',
  });
}

const delta = { connectionId, entity: 'orders', trigger: 'api' } as const;
const starts = (source: ReportSource) => source.steps().filter((step) => step === 'start').length;

test.each(['capped', 'posted'] as const)(
  '%s: a delta, a reconciliation that deletes, each with jobs of its own',
  async (shape) => {
    const { engine, source } = await reportWorld(shape, 12);
    const before = Date.now();
    const delta = await engine.delta('orders');
    expect(delta).toMatchObject({ outcome: 'succeeded', counts: { inserted: 12, errors: 0 } });
    // the cursor comes from the start of the job
    const { rows } = await engine.db.raw('select sent from tidemark.report_jobs');
    expect(Math.abs(Date.parse(delta.cursor ?? '') - Number(rows[0].sent))).toBeLessThan(1_500);
    expect(Date.parse(delta.cursor ?? '')).toBeGreaterThan(before - 2_000);
    expect(starts(source)).toBe(1);

    source.rows.splice(0, 1);
    expect(await engine.reconcile('orders')).toMatchObject({ outcome: 'succeeded', deleted: 1 });
    // two scans confirm without a request for one record, and the second is a job of its own
    expect(starts(source)).toBe(3);
    expect([...(await engine.rows('shop_orders')).keys()]).not.toContain('r1');
    const { rows: histories } = await engine.db.raw(
      `select coalesce(string_agg(r.error || r.details::text || coalesce(p.resume_point::text, ''), ' '), '') as text
     from tidemark.runs r join tidemark.run_parts p on p.run_id = r.id`,
    );
    expect(histories[0].text).not.toMatch(/s3cr3t|secret-token/);
  },
  60_000,
);

test('a wait of hours holds no slot, survives the worker, and costs the source nothing', async () => {
  const { engine, source } = await reportWorld('capped', 12);
  source.pending = 1;
  source.fail('poll', (response) => {
    const headers = { 'Content-Type': 'application/json', 'Retry-After': '7200' };
    response.writeHead(200, headers).end(JSON.stringify({ data: { status: 'processing' } }));
  });
  const handle = await engine.start<RunResult>(workflowNames.deltaSync, delta);
  await until(async () => ((await nextAttemptMs(handle)) ?? 0) > 3_600_000);
  const asked = source.asked.length;
  await engine.worker.stop();
  await engine.startWorker();
  expect(await nextAttemptMs(handle)).toBeGreaterThan(3_600_000);
  expect(source.asked).toHaveLength(asked);
  // the hours pass
  await goOn(engine, handle);
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded', counts: { inserted: 12 } });
  expect(starts(source)).toBe(1);
}, 60_000);

test('the state of a job is asked as often as declared, and status names the job meanwhile', async () => {
  const base = cappedReport();
  const report = base.report as NonNullable<ListingInput['report']>;
  const all = { ...base, report: { ...report, poll: { ...report.poll, every: '20m' } } };
  const { engine, source } = await reportWorld('capped', 12, { all });
  const context = readyContext({
    ...{ db: engine.db, client: engine.temporal.client, ring },
    ...{ connectors: [engine.connector], taskQueue: engine.taskQueue },
  });
  // a job is not started to see what the credentials may read
  const checked = await checkConnection(context, { connection: connectionId, wait: 30 });
  expect(checked).toMatchObject({ ok: true, entities: [{ entity: 'orders', says: 'later', records: null }] });
  expect(source.steps()).toEqual(['at once']);

  source.pending = 1;
  const handle = await engine.start<RunResult>(workflowNames.deltaSync, delta);
  for (const polls of [0, 1]) {
    await until(async () => ((await nextAttemptMs(handle)) ?? 0) > 15 * 60_000);
    expect(await nextAttemptMs(handle)).toBeLessThan(21 * 60_000);
    expect(source.jobs.map((job) => job.polls)).toEqual([polls]);
    const status = statusText(
      coloursFor(process.stderr, { NO_COLOR: '1' }),
      await showStatus(context, { connection: connectionId, entity: 'orders', next: false }),
    );
    expect(status).toContain(polls === 0 ? `job 'job-1' was started` : 'job "job-1" is "processing"');
    await goOn(engine, handle);
  }
  expect(await handle.result()).toMatchObject({ outcome: 'succeeded', counts: { inserted: 12 } });
  expect(starts(source)).toBe(1);
}, 60_000);

test('each partition has a job of its own, and a list that is held back leaves the cursor earlier', async () => {
  const all = { ...cappedReport({ range: { from: '{partition}', to: '{partition}' } }), heldBack: '1h' };
  const { engine, source } = await reportWorld('capped', 12, { all, partitions: ['2026-11-20', '2026-11-19'] });
  source.cap = 0;
  const result = await engine.delta('orders');
  expect(result).toMatchObject({ outcome: 'succeeded', counts: { inserted: 6 } });
  expect(source.jobs.map(({ parameters }) => parameters.from).toSorted()).toEqual(['2026-11-19', '2026-11-20']);
  const { rows } = await engine.db.raw('select min(sent) as sent from tidemark.report_jobs');
  expect(Math.abs(Date.parse(result.cursor ?? '') + 3_600_000 - Number(rows[0].sent))).toBeLessThan(1_500);
}, 60_000);

test('a document that is cut: rows that came are written, the cursor stays, and the next run has its own job', async () => {
  const { engine, source } = await reportWorld('capped', 3_500);
  const whole = source.documentOf;
  source.documentOf = (job) => String(whole(job)).slice(0, -50);
  await expect(engine.delta('orders')).rejects.toThrow();
  const { rows } = await engine.db.raw(`select status, error_type, cursor_after from tidemark.runs`);
  expect(rows).toEqual([{ status: 'failed', error_type: 'ContractBroken', cursor_after: null }]);
  expect((await engine.rows('shop_orders')).size).toBe(2_000);
  source.documentOf = whole;
  expect(await engine.delta('orders')).toMatchObject({
    outcome: 'succeeded',
    counts: { inserted: 1_500, unchanged: 2_000 },
  });
}, 60_000);
