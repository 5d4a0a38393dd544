import { type Engine, startChurch } from '../support/engine';
import { type Control, cursor, expectEqual, failureOf, lastRun, people } from './support';

/** Invariant 11: a filter that does not filter fails the run, instead of walking the whole table every fifteen minutes. */
const size = 1_000;
let engine: Engine;
let control: Control;
let ids: string[];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: size }));
  ids = [...control.all('people')].map(({ id }) => id);
  await engine.delta('people');
});
beforeEach(() => {
  control.clearFaults();
  control.clearLog();
});

const contents = async () => (await engine.db.raw(`select * from ${people} order by external_id`)).rows;

/** A delta that must fail, with the cursor where it was. */
async function broken(): Promise<string> {
  const before = await cursor(engine);
  expect(await failureOf(engine.delta('people'))).toBe('ContractBroken');
  expect(await cursor(engine)).toBe(before);
  const { status, error } = await lastRun(engine);
  expect(status).toBe('failed');
  return error ?? '';
}

test('one that lets nothing through, since it does not like the timestamp, is no "nothing changed"', async () => {
  control.addFault({ match: 'where[updated_at]', fault: { kind: 'emptyFilter' } });
  expect(await broken()).toContain('where[updated_at][gte]');
  control.clearFaults();
  // the same with a filter that works: nothing has changed, and that is believed
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded', counts: { inserted: 0, updated: 0 } });
});

test('one that lets everything through is noticed on the first page, of which nothing is written', async () => {
  for (const id of ids.slice(0, 20)) control.commitLate('people', id, 9 * 86_400_000, { last_name: 'Unseen' });
  const before = await contents();
  control.addFault({ match: 'where[updated_at]', fault: { kind: 'ignoreFilter' } });
  expect(await broken()).toContain('the filter is ignored');
  // the last of them asks for what was changed after tomorrow, to tell an ignored filter from one by another clock
  expect(control.logSummary().requests).toBeLessThan(5);
  expect(await contents()).toEqual(before);
});

test('one that stops filtering in the middle of a list is noticed there', async () => {
  for (const id of ids.slice(0, 250)) control.change('people', id, { attributes: { last_name: 'Changed' } });
  control.addFault({ match: 'where[updated_at]', skip: 1, fault: { kind: 'ignoreFilter' } });
  await broken();
  expect(control.logSummary().requests).toBeLessThan(6);
});

test('and when it filters again, the next run catches up', async () => {
  expect((await engine.delta('people')).outcome).toBe('succeeded');
  await engine.reconcile('people');
  await expectEqual(engine, control);
});
