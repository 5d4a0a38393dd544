import { aMinuteLater, type Control, expectEqual, people } from '../invariants/support';
import { type Engine, startChurch } from '../support/engine';

/** Many disputes at once, as after a backup was restored, cost the pages of one full listing, not a request each. */
let engine: Engine;
let control: Control;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 450 }));
  await engine.delta('people');
});
beforeEach(() => control.clearLog());

const asked = () => control.log().filter(({ path }) => /\/people\/\d+/.test(path)).length;

async function disputeAll(): Promise<void> {
  await aMinuteLater(engine);
  await engine.db(people).update({ _disputed_at: new Date(0), last_name: 'From the future', _version: 'zzz' });
}

test('all rows disputed, and holding what the source no longer shows: settled by one listing', async () => {
  await disputeAll();
  const result = await engine.reconcile('people');
  expect(result).toMatchObject({ outcome: 'succeeded', stale: 450, causes: { disputed: 450 } });
  await expectEqual(engine, control);
  expect(await engine.db(people).whereNotNull('_disputed_at')).toEqual([]);
  expect(asked()).toBe(0);
});

test('a few are asked for one by one', async () => {
  await aMinuteLater(engine);
  const some = [...control.all('people')].slice(0, 20).map(({ id }) => id);
  await engine
    .db(people)
    .whereIn('external_id', some)
    .update({ _disputed_at: new Date(0), last_name: 'Disputed' });
  const result = await engine.reconcile('people');
  expect(result).toMatchObject({ outcome: 'succeeded', stale: 20, causes: { disputed: 20 } });
  await expectEqual(engine, control);
  expect(asked()).toBe(20);
});
