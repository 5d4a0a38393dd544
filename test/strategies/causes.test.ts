import { aMinuteLater, type Control, cursor } from '../invariants/support';
import { type Engine, startChurch } from '../support/engine';

/** How the differences that a reconciliation finds came about, and the lookback that it proposes. */
let engine: Engine;
let control: Control;
let ids: string[];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 60 }));
  ids = [...control.all('people')].map(({ id }) => id);
  await engine.delta('people');
  await engine.delta('people');
  await aMinuteLater(engine);
});

const iso = (time: number) => new Date(time).toISOString();
const before = (minutes: number) => iso(Date.now() - minutes * 60_000);

test('nothing differs: no causes, no proposal', async () => {
  expect(await engine.reconcile('people')).toMatchObject({ stale: 0, causes: {}, proposedLookback: null });
});

test('each difference is told apart', async () => {
  await aMinuteLater(engine);
  const [late, backdated, boundary, untold, disputed, deleted] = ids as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  control.change('people', late, { updatedAt: before(7), attributes: { last_name: 'Late' } });
  control.change('people', backdated, { updatedAt: before(3 * 24 * 60), attributes: { last_name: 'Backdated' } });
  // the second delta asked from where the first had left the cursor
  const { rows } = await engine.db.raw(`select max(cursor_before) as at from tidemark.runs where strategy = 'delta'`);
  control.change('people', boundary, { updatedAt: iso(rows[0].at.getTime()), attributes: { last_name: 'Boundary' } });
  control.change('people', untold, { updatedAt: iso(Date.now() + 1_000), attributes: { last_name: 'Untold' } });
  control.delete('people', deleted);
  await engine
    .db('planning_center_people')
    .where({ external_id: disputed })
    .update({ _disputed_at: new Date(0) });
  const at = await cursor(engine);
  const result = await engine.reconcile('people');
  expect(result.causes).toEqual({
    late: 1,
    backdated: 1,
    boundary: 1,
    'missed-webhook': 1,
    disputed: 1,
    deleted: 1,
  });
  // late by seven minutes: with half as much again, the next step is a quarter of an hour
  expect(result.proposedLookback).toBe('15m');
  expect(await cursor(engine)).toBe(at);
  const items = await engine.db('tidemark.plan_items').where({ plan_id: result.planId }).orderBy('external_id');
  expect(items.find(({ external_id }) => external_id === late)).toMatchObject({ difference: 'stale', cause: 'late' });
});
