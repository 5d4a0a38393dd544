import type { Activities } from '../../activities';
import { decidePlan } from '../../destination/plans/decidePlan';
import { workflowNames } from '../../schema/workflows';
import { type Control, expectEqual } from '../invariants/support';
import { activitiesOf, type RunActivity } from '../support/activities';
import { connectionId, type Engine, startChurch } from '../support/engine';

/**
 * Whoever reaches Temporal can start any workflow, and have any activity done, with any input. The database decides what they may do,
 * never their caller. The tests build on each other.
 */
const target = { connectionId, entity: 'people' };
const live = 200;
const deleted = 120;
const scanStep = { step: 'scan', partition: '', round: 1 } as const;
const begin = { ...target, trigger: 'api', dryRun: false, full: false } as const;
let engine: Engine;
let control: Control;
let run: RunActivity;
let planId: string;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: live, donations: 20 }));
  await engine.delta('people');
  await engine.delta('donations');
  run = await activitiesOf(engine);
  for (const { id } of [...control.all('people')].slice(0, deleted)) control.delete('people', id);
  const { outcome, planId: waiting } = await engine.reconcile('people');
  expect(outcome).toBe('waiting');
  planId = waiting as string;
});

/** Ends what a test has begun outside of Temporal, where every activity is of one and the same workflow run. */
afterEach(() =>
  engine.db.raw(`update tidemark.runs set workflow_run_id = 'run ' || id,
    status = case when status = 'running' then 'lost' else status end where workflow_id = 'test'`),
);

const liveRows = async () => (await engine.rows('planning_center_people')).size;
const plan = async (id = planId) =>
  (await engine.db.raw('select status, deleted, applied_by from tidemark.plans where id = ?', [id])).rows[0];
const entityState = async () =>
  (
    await engine.db.raw(
      'select (select min(at) from tidemark.cursors k where k.entity = e.entity) as cursor, proved_at, watermark_at from tidemark.entities e where connection_id = ? and entity = ?',
      [connectionId, 'people'],
    )
  ).rows[0];

async function claimed(further: Partial<Parameters<Activities['claimRun']>[0]>): Promise<string> {
  const taken = await run('claimRun', 1, { ...begin, strategy: 'reconciliation', ...further });
  if (taken.outcome !== 'claimed') throw new Error(`not claimed: ${taken.outcome}`);
  return taken.runId;
}

const usage = (message: RegExp) => ({ type: 'Usage', message: expect.stringMatching(message), nonRetryable: true });
/** … as a workflow that failed for it shows it */
const failedWith = (cause: object) => ({ cause: { cause } });

test('applyPlan started by hand deletes nothing by a plan that waits', async () => {
  const started = await engine.start(workflowNames.applyPlan, { ...target, planId });
  await expect(started.result()).rejects.toMatchObject(failedWith(usage(/is waiting .* may delete nothing/)));
  expect(await liveRows()).toBe(live);
  expect(await plan()).toEqual({ status: 'waiting', deleted: 0, applied_by: null });
});

test('… nor by one that was rejected, nor by another entity’s', async () => {
  await decidePlan(engine.db, planId, 'rejected', { actor: 'test', reason: 'the source was ill' });
  const rejected = await engine.start(workflowNames.applyPlan, { ...target, planId });
  await expect(rejected.result()).rejects.toMatchObject(failedWith(usage(/is rejected/)));
  const foreign = await engine.start(workflowNames.applyPlan, { ...target, entity: 'donations', planId });
  await expect(foreign.result()).rejects.toMatchObject(failedWith(usage(/is of demo\/people, not of demo\/donations/)));
  expect(await liveRows()).toBe(live);
});

test('a reconciliation cannot confirm deletions above the guard by leaving out the verdict', async () => {
  const runId = await claimed({});
  await run('scan', 1, { ...target, ...scanStep, runId, listing: 'ids', write: true });
  const drawn = await run('drawPlan', 1, { ...target, runId, dryRun: false, listing: 'ids' });
  expect(drawn).toMatchObject({ outcome: 'drawn', gone: deleted, wait: expect.stringMatching(/deletion guard/) });
  const own = drawn.planId as string;
  const work = { ...target, runId, planId: own };
  await expect(run('confirmGone', 1, work)).rejects.toMatchObject(usage(/may delete nothing/));
  await expect(run('deleteUnlisted', 1, work)).rejects.toMatchObject(usage(/may delete nothing/));
  const before = await entityState();
  const found = { scanned: live - deleted, missing: 0, stale: 0, gone: 0, unlisted: 0 };
  const end = { ...work, ...found, dryRun: false, wait: null };
  await expect(run('finishReconciliation', 1, end)).rejects.toMatchObject(usage(/must wait for an operator/));
  await expect(run('finishPlan', 1, { ...work, reason: null })).rejects.toMatchObject(usage(/may delete nothing/));
  expect(await entityState()).toEqual(before);
  expect(await liveRows()).toBe(live);
  expect(await plan(own)).toMatchObject({ status: 'open', deleted: 0 });
});

test('a dry run stays one, whatever its activities are given', async () => {
  const runId = await claimed({ dryRun: true });
  const scan = { ...target, ...scanStep, runId, listing: 'ids' } as const;
  await expect(run('scan', 1, { ...scan, write: true })).rejects.toMatchObject(usage(/it is a dry run/));
  await run('scan', 2, { ...scan, write: false });
  const draw = { ...target, runId, listing: 'ids' } as const;
  await expect(run('drawPlan', 1, { ...draw, dryRun: false })).rejects.toMatchObject(usage(/it is a dry run/));
  const { planId: dry } = await run('drawPlan', 1, { ...draw, dryRun: true });
  const work = { ...target, runId, planId: dry as string };
  await expect(run('confirmGone', 1, work)).rejects.toMatchObject(usage(/is dry/));
  expect(await liveRows()).toBe(live);
});

test('a plan is drawn only from every partition, read to its end, by the run and the entity that it is for', async () => {
  const runId = await claimed({});
  const draw = { ...target, runId, dryRun: false, listing: 'ids' } as const;
  const scan = { ...target, ...scanStep, runId, listing: 'ids', write: true } as const;
  await expect(run('drawPlan', 1, draw)).rejects.toMatchObject({ nonRetryable: true });
  await expect(run('scan', 1, { ...scan, partition: 'east' })).rejects.toMatchObject(usage(/no partition "east"/));
  await expect(run('scan', 1, { ...scan, entity: 'donations' })).rejects.toMatchObject(usage(/cannot do the work/));
  await expect(run('pull', 1, { ...target, runId, listing: 'all', partition: '' })).rejects.toMatchObject(
    usage(/cannot do the work of a delta or backfill/),
  );
  await expect(run('remap', 1, { ...target, runId })).rejects.toMatchObject(usage(/cannot do the work of a remap/));
  await expect(
    run('syncBatch', 1, { ...target, entity: 'donations', batch: { of: 'plan', planId } }),
  ).rejects.toMatchObject(usage(/not of demo\/donations/));
});

test('a delta cannot be ended before it has read everything, nor read from a later instant than its cursor', async () => {
  const runId = await claimed({ strategy: 'delta' });
  const before = await entityState();
  const pull = { ...target, runId, listing: 'changes', partition: '' } as const;
  const since = new Date().toISOString();
  await expect(run('pull', 1, { ...pull, since })).rejects.toMatchObject(usage(/was not claimed for/));
  await expect(run('pull', 1, { ...pull, listing: 'all' })).rejects.toMatchObject(usage(/was not claimed for/));
  await expect(run('finishDelta', 1, { ...target, runId })).rejects.toMatchObject(usage(/to the end/));
  await expect(run('finishRun', 1, { ...target, runId, details: {} })).rejects.toMatchObject(
    usage(/backfill or remap/),
  );
  await expect(run('endRun', 1, { runId, status: 'succeeded' as 'failed' })).rejects.toMatchObject(
    usage(/cannot be ended/),
  );
  expect(await entityState()).toEqual(before);
  await run('pull', 2, pull);
  expect(await run('finishDelta', 1, { ...target, runId })).toMatchObject({ outcome: 'succeeded' });
});

test('a backfill cannot move the cursor, nor succeed with nothing read', async () => {
  const runId = await claimed({ strategy: 'backfill' });
  await expect(run('finishDelta', 1, { ...target, runId })).rejects.toMatchObject(usage(/work of a delta/));
  await expect(run('finishRun', 1, { ...target, runId, details: {} })).rejects.toMatchObject(usage(/to the end/));
});

test('an approved plan is applied once, by one run, until it expires', async () => {
  const { planId: newest } = await engine.reconcile('people');
  const by = { actor: 'test', reason: 'the campus was closed' };
  await decidePlan(engine.db, newest as string, 'approved', by);
  await engine.db.raw(`update tidemark.plans set expires_at = now() - interval '1 second' where id = ?`, [newest]);
  const late = await engine.start(workflowNames.applyPlan, { ...target, planId: newest });
  await expect(late.result()).rejects.toMatchObject(failedWith(usage(/may delete nothing/)));
  await engine.db.raw(`update tidemark.plans set expires_at = now() + interval '1 hour' where id = ?`, [newest]);
  const applied = await engine.start<{ outcome: string }>(workflowNames.applyPlan, { ...target, planId: newest });
  expect(await applied.result()).toMatchObject({ outcome: 'succeeded', deleted });
  const again = await engine.start(workflowNames.applyPlan, { ...target, planId: newest });
  await expect(again.result()).rejects.toMatchObject(failedWith(usage(/is applied/)));
  await expectEqual(engine, control);
});
