import { approvePlan } from '../../clients/operations/plans';
import { planningCenter } from '../../connectors/planning-center/connector';
import type { Simulator } from '../../connectors/planning-center/simulator';
import { decidePlan, sampleOfPlan } from '../../destination/plans/decidePlan';
import { undoRun } from '../../destination/runs/undoRun';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { type Engine, startChurch } from '../support/engine';

/** What an operator does about plans above the guard. The tests build on each other. */
const by = { actor: 'test', reason: 'the campus was closed' };
const people = planningCenter.entities.get('people') as ConnectorEntity;
let engine: Engine;
let control: Simulator['control'];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 200 }));
  await engine.delta('people');
});

const liveRows = async () => (await engine.rows('planning_center_people')).size;
const context = () => ({ db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue });

async function waitingPlan(): Promise<string> {
  const { outcome, planId } = await engine.reconcile('people');
  expect(outcome).toBe('waiting');
  return planId as string;
}

let deletedBy: string;

test('a rejected plan deletes nothing and can no longer be approved', async () => {
  for (const { id } of [...control.all('people')].slice(0, 120)) control.delete('people', id);
  const planId = await waitingPlan();
  expect(await sampleOfPlan(engine.db, planId)).toHaveLength(5);
  await expect(decidePlan(engine.db, planId, 'rejected', { actor: 'test', reason: ' ' })).rejects.toThrow(/--reason/);
  expect(await decidePlan(engine.db, planId, 'rejected', by)).toMatchObject({ status: 'rejected' });
  await expect(approvePlan(context(), planId, by)).rejects.toThrow(/is rejected/);
  expect(await liveRows()).toBe(200);
});

test('only the newest plan can be approved; each row is tested again, and what is live at the source stays', async () => {
  const older = await waitingPlan();
  const planId = await waitingPlan();
  await expect(approvePlan(context(), older, by)).rejects.toThrow(/newest/);
  const [back] = await sampleOfPlan(engine.db, planId);
  control.create('people', { id: back as string, attributes: { last_name: 'Back' } });
  const result = await (await approvePlan(context(), planId, by)).result();
  expect(result).toMatchObject({ outcome: 'succeeded', deleted: 119, reason: null });
  expect(await liveRows()).toBe(81);
  deletedBy = result.runId as string;
  const { rows } = await engine.db.raw(`select actor, action, reason from tidemark.audit order by id`);
  expect(rows).toEqual([
    { ...by, action: 'plan reject' },
    { ...by, action: 'plan approve' },
  ]);
});

test('undo brings the rows back, once, but not those written since', async () => {
  const { rows } = await engine.db.raw(
    `select external_id from planning_center_people where deleted_at is not null limit 1`,
  );
  const recreated = rows[0].external_id as string;
  control.create('people', { id: recreated, attributes: { last_name: 'Again' } });
  await engine.record('people', recreated);
  const undone = await undoRun(engine.db, deletedBy, people, 1000, by);
  expect(undone).toEqual({ restored: 118, changedSince: 1 });
  expect(await liveRows()).toBe(200);
  await expect(undoRun(engine.db, deletedBy, people, 1000, by)).rejects.toThrow(/no deletions to undo/);
});

test('a source that was really emptied can be let through', async () => {
  for (const { id } of [...control.all('people')]) control.delete('people', id);
  const planId = await waitingPlan();
  const result = await (await approvePlan(context(), planId, by)).result();
  expect(result).toMatchObject({ outcome: 'succeeded', deleted: 200 });
  expect(await liveRows()).toBe(0);
});

test('a plan that has expired can not be approved', async () => {
  await undoRun(
    engine.db,
    (await engine.db.raw('select max(id)::text as id from tidemark.runs')).rows[0].id,
    people,
    1000,
    by,
  );
  const planId = await waitingPlan();
  await engine.db.raw(`update tidemark.plans set expires_at = now() - interval '1 second' where id = ?`, [planId]);
  await expect(approvePlan(context(), planId, by)).rejects.toThrow(/has expired/);
});
