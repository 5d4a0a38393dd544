import { approvePlan } from '../../clients/operations/work/decide';
import { planningCenter } from '../../connectors/planning-center/connector';
import type { Simulator } from '../../connectors/planning-center/simulator';
import { decidePlan, sampleOfPlan } from '../../destination/plans/decidePlan';
import { undoRun } from '../../destination/runs/undoRun';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { type Engine, startChurch } from '../support/engine';

/** What an operator does about plans above the deletion guard. Each test has a church of its own. */
const by = { actor: 'test', reason: 'the campus was closed' };
const people = planningCenter.entities.get('people') as ConnectorEntity;
let engine: Engine;
let control: Simulator['control'];

beforeEach(async () => {
  ({ engine, control } = await startChurch({ people: 200 }));
  await engine.delta('people');
});

const liveRows = async () => (await engine.rows('planning_center_people')).size;
const context = () => ({ db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue });

const audited = async () => (await engine.db.raw(`select actor, action, reason from tidemark.audit order by id`)).rows;

async function waitingPlan(): Promise<string> {
  const { outcome, planId } = await engine.reconcile('people');
  expect(outcome).toBe('waiting');
  return planId as string;
}

/** A plan of the first 120 people, who are deleted at the source. */
async function planOf120(): Promise<string> {
  for (const { id } of [...control.all('people')].slice(0, 120)) control.delete('people', id);
  return await waitingPlan();
}

/** Approves the plan; the run that has applied it. */
const applied = async (planId: string) => await (await approvePlan(context(), planId, by)).result();

test('a rejected plan deletes nothing and can no longer be approved', async () => {
  const planId = await planOf120();
  expect(await sampleOfPlan(engine.db, planId)).toHaveLength(5);
  await expect(decidePlan(engine.db, planId, 'rejected', { actor: 'test', reason: ' ' })).rejects.toThrow(/--reason/);
  expect(await decidePlan(engine.db, planId, 'rejected', by)).toMatchObject({ status: 'rejected' });
  await expect(approvePlan(context(), planId, by)).rejects.toThrow(/is rejected/);
  expect(await liveRows()).toBe(200);
  expect(await audited()).toEqual([{ ...by, action: 'plan reject' }]);
});

test('only the newest plan can be approved; each row is tested again, and what is live at the source stays', async () => {
  const older = await planOf120();
  const planId = await waitingPlan();
  await expect(approvePlan(context(), older, by)).rejects.toThrow(/newest/);
  const [back] = await sampleOfPlan(engine.db, planId);
  control.create('people', { id: back as string, attributes: { last_name: 'Back' } });
  expect(await applied(planId)).toMatchObject({ outcome: 'succeeded', deleted: 119, reason: null });
  expect(await liveRows()).toBe(81);
  expect(await audited()).toEqual([{ ...by, action: 'plan approve' }]);
});

test('undo brings the rows back, once, but not those written since', async () => {
  const deletedBy = (await applied(await planOf120())).runId as string;
  const { rows } = await engine.db.raw(
    `select external_id from planning_center_people where deleted_at is not null limit 1`,
  );
  const recreated = rows[0].external_id as string;
  control.create('people', { id: recreated, attributes: { last_name: 'Again' } });
  await engine.record('people', recreated);
  const undone = await undoRun(engine.db, deletedBy, people, 1000, by);
  expect(undone).toEqual({ restored: 119, changedSince: 1 });
  expect(await liveRows()).toBe(200);
  await expect(undoRun(engine.db, deletedBy, people, 1000, by)).rejects.toThrow(/no deletions to undo/);
});

test('a source that was really emptied can be let through', async () => {
  for (const { id } of [...control.all('people')]) control.delete('people', id);
  expect(await applied(await waitingPlan())).toMatchObject({ outcome: 'succeeded', deleted: 200 });
  expect(await liveRows()).toBe(0);
});

test('a plan that has expired can not be approved', async () => {
  const planId = await planOf120();
  await engine.db.raw(`update tidemark.plans set expires_at = now() - interval '1 second' where id = ?`, [planId]);
  await expect(approvePlan(context(), planId, by)).rejects.toThrow(/has expired/);
});
