import { claimRun } from '../../destination/runs/runs';
import { activitiesOf, type RunActivity } from '../support/activities';
import { connectionId, type Engine, startChurch } from '../support/engine';
import { startChildWorker } from '../support/workers/children';
import { afterRequests, aMinuteLater, type Control, expectEqual, failureOf, lastRun, people, until } from './support';

/** Invariant 5: any activity may be killed at any instruction and run again, even while the first attempt still lives. */
const target = { connectionId, entity: 'people' };

describe('a worker that is killed', () => {
  const size = 20_000;

  // it waits for a heartbeat most of the time, so it runs beside the others
  test.concurrent('in the middle of a first sync: another goes on, and every record is counted once', async () => {
    const { engine, control } = await startChurch({ people: size });
    await engine.worker.stop();
    const part = async () =>
      (await engine.db('tidemark.run_parts').where({ step: 'pull' }).first()) as
        | { records: number; done: boolean }
        | undefined;
    const child = await startChildWorker(engine);
    control.latencyMs = 4;
    const running = engine.delta('people');
    await until(async () => ((await part())?.records ?? 0) > size / 4);
    await child.kill('SIGKILL');
    const committed = await part();
    expect(committed?.done).toBe(false);
    expect(committed?.records).toBeLessThan(size);
    control.latencyMs = 0;
    control.clearLog();

    await engine.startWorker();
    const result = await running;
    expect(result).toMatchObject({ outcome: 'succeeded', counts: { inserted: size, updated: 0, unchanged: 0 } });
    expect((await engine.rows(people)).size).toBe(size);
    const offsets = control.log().map(({ query }) => Number(/offset=(\d+)/.exec(query)?.[1]));
    // at most one committed page is asked again
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(Number(committed?.records) - 100);
    expect(new Set(offsets).size).toBe(offsets.length);
    await expectEqual(engine, control);
  }, 180_000);
});

describe('a worker that is shut down', () => {
  test('lets another go on', async () => {
    const { engine, control } = await startChurch({ people: 1_500 });
    control.latencyMs = 30;
    const running = engine.delta('people');
    await afterRequests(control, 8, () => undefined);
    await Promise.all([engine.worker.stop(), engine.startWorker()]);
    expect((await running).counts).toMatchObject({ inserted: 1_500, updated: 0 });
    await expectEqual(engine, control);
  });
});

describe('an attempt that another has taken over from', () => {
  let engine: Engine;
  let control: Control;
  let run: RunActivity;

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 400 }));
    await engine.delta('people');
    run = await activitiesOf(engine);
    control.latencyMs = 40;
  });
  beforeEach(() => control.clearLog());

  async function claim(strategy: 'delta' | 'reconciliation', workflowRunId: string): Promise<string> {
    await engine.db.raw(`update tidemark.runs set status = 'lost' where status = 'running'`);
    const claimed = await claimRun(engine.db, {
      ...target,
      strategy,
      trigger: 'api',
      dryRun: false,
      full: true,
      workflowId: 'zombie',
      workflowRunId,
    });
    if (!('run' in claimed)) throw new Error('the place is taken');
    return claimed.run.id;
  }

  const synced = async () =>
    (await engine.db.raw(`select external_id, last_name, _written_by from ${people} order by 1`)).rows;

  test('in a pull: the first one stops and writes nothing more', async () => {
    const runId = await claim('delta', 'one');
    for (const record of control.all('people'))
      control.change('people', record.id, { attributes: { last_name: 'New' } });
    const input = { ...target, runId, listing: 'all', partition: '' } as const;
    const zombie = failureOf(run('pull', 1, input));
    await afterRequests(control, 1, () => undefined);
    const before = await synced();
    // the later attempt takes over at once, before the zombie's first page is there
    const later = run('pull', 2, input);
    expect(await zombie).toBe('FenceLost');
    expect(before.every((row: { last_name: string }) => row.last_name !== 'New')).toBe(true);
    expect((await later).counts).toMatchObject({ updated: 400, inserted: 0, unchanged: 0 });
    await expect(failureOf(run('pull', 1, input))).resolves.toBe('FenceLost');
  });

  test('in a scan: nothing is staged twice', async () => {
    const runId = await claim('reconciliation', 'two');
    const input = { ...target, runId, step: 'scan', partition: '', listing: 'ids', write: false, round: 1 } as const;
    const zombie = failureOf(run('scan', 1, input));
    await afterRequests(control, 2, () => undefined);
    const later = run('scan', 2, input);
    expect(await zombie).toBe('FenceLost');
    expect((await later).records).toBe(400);
    const { rows } = await engine.db.raw(
      `select count(*) as n, count(distinct external_id) as ids from tidemark.scan_${runId}_scan`,
    );
    expect(rows[0]).toEqual({ n: 400, ids: 400 });
  });

  test('after its run has ended: nothing is written', async () => {
    const runId = await claim('delta', 'three');
    for (const record of control.all('people'))
      control.change('people', record.id, { attributes: { last_name: 'Late' } });
    const zombie = failureOf(run('pull', 1, { ...target, runId, listing: 'all', partition: '' }));
    await run('endRun', 1, { runId, status: 'terminated' });
    expect(await zombie).toBe('FenceLost');
    expect((await synced()).some((row: { last_name: string }) => row.last_name === 'Late')).toBe(false);
    expect((await lastRun(engine)).status).toBe('terminated');
  });

  test('activities that are run again after they have done their work do it once', async () => {
    control.latencyMs = 0;
    const runId = await claim('delta', 'four');
    const input = { ...target, runId, listing: 'all', partition: '' } as const;
    const first = await run('pull', 1, input);
    expect(await run('pull', 2, input)).toEqual(first);
    const ended = await run('finishDelta', 1, { ...target, runId });
    expect(await run('finishDelta', 2, { ...target, runId })).toEqual(ended);
    await run('endRun', 1, { runId, status: 'failed', error: 'too late' });
    expect((await lastRun(engine)).status).toBe('succeeded');
  });

  test('a plan is drawn, confirmed and finished twice with the result of once', async () => {
    await aMinuteLater(engine);
    const [gone] = [...control.all('people')].map(({ id }) => id);
    control.delete('people', gone as string);
    const runId = await claim('reconciliation', 'five');
    const scan = { ...target, runId, step: 'scan', partition: '', listing: 'ids', write: true, round: 1 } as const;
    await run('scan', 1, scan);
    const draw = { ...target, runId, dryRun: false, listing: 'ids' } as const;
    await run('drawPlan', 1, draw);
    const plan = await run('drawPlan', 2, draw);
    const planId = plan.planId as string;
    // what is missing or stale is fetched first, as the workflow does
    await run('syncBatch', 1, { ...target, batch: { of: 'plan', planId } });
    const confirm = { ...target, runId, planId };
    expect([await run('confirmGone', 1, confirm), await run('confirmGone', 2, confirm)]).toEqual([null, null]);
    const { scanned, missing, stale, unlisted } = plan;
    const finish = { ...confirm, dryRun: false, wait: null, scanned, missing, stale, gone: plan.gone, unlisted };
    const finished = await run('finishReconciliation', 1, finish);
    expect(finished).toMatchObject({ gone: 1, deleted: 1 });
    expect(await run('finishReconciliation', 2, finish)).toEqual(finished);
    await expectEqual(engine, control);
  });
});
