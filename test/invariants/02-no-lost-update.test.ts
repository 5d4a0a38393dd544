import { type Engine, startChurch } from '../support/engine';
import { afterRequests, type Control, expectEqual, people } from './support';

/** Invariant 2: what had changed before a delta began is in the table when it has succeeded, whatever moves meanwhile. */
let engine: Engine;
let control: Control;
let ids: string[];
const hour = 3_600_000;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 500 }));
  ids = [...control.all('people')].map(({ id }) => id);
  control.latencyMs = 20;
  await engine.delta('people');
});
beforeEach(() => control.clearLog());

const namesIn = async (one: Engine) =>
  new Map([...(await one.rows(people))].map(([id, row]) => [id, row.last_name as string]));

/** Changes these records at one instant. */
function changeAll(changed: readonly string[], name: string, source = control): void {
  const updatedAt = new Date(source.now()).toISOString();
  const attributes = { last_name: name };
  source.bulk(changed.map((id) => ({ do: 'change', entity: 'people', id, updatedAt, attributes })));
}

test('a clock of the source that is an hour behind: the first sync, and a change after it', async () => {
  const { engine: fresh, control: source } = await startChurch({ people: 120 });
  source.setClock({ offsetMs: -hour });
  await fresh.delta('people');
  const three = [...source.all('people')].slice(0, 3).map(({ id }) => id);
  changeAll(three, 'Behind', source);
  expect((await fresh.delta('people')).counts).toMatchObject({ updated: 3 });
  await expectEqual(fresh, source);
});

test('a clock of the source that is an hour ahead', async () => {
  const { engine: fresh, control: source } = await startChurch({ people: 120 });
  const some = [...source.all('people')].map(({ id }) => id);
  source.setClock({ offsetMs: hour });
  await fresh.delta('people');
  changeAll(some.slice(0, 3), 'Ahead', source);
  expect((await fresh.delta('people')).counts).toMatchObject({ updated: 3 });
  source.setClock({});
  changeAll(some.slice(3, 6), 'Right again', source);
  expect((await fresh.delta('people')).counts).toMatchObject({ updated: 3 });
  await expectEqual(fresh, source);
});

test('a record that was committed late, with a time from before the run before', async () => {
  const { engine: fresh, control: source } = await startChurch({ people: 120 });
  await fresh.delta('people');
  const [late = ''] = [...source.all('people')].map(({ id }) => id);
  source.commitLate('people', late, 50_000, { last_name: 'Late' });
  expect((await fresh.delta('people')).counts).toMatchObject({ updated: 1 });
  await expectEqual(fresh, source);
});

test('more records on one timestamp than fit on a page', async () => {
  changeAll(ids.slice(50, 350), 'Tied');
  expect((await engine.delta('people')).counts).toMatchObject({ updated: 300 });
  await expectEqual(engine, control);
});

test('updates on earlier pages, which pull the later records over the seam', async () => {
  changeAll(ids, 'Before');
  const running = engine.delta('people');
  const moved = ids.slice(0, 30);
  await afterRequests(control, 2, () => changeAll(moved, 'Meanwhile'));
  const { outcome } = await running;
  expect(outcome).toBe('succeeded');
  const found = await namesIn(engine);
  expect(ids.slice(30).filter((id) => found.get(id) !== 'Before')).toEqual([]);
});

test('deletes on earlier pages, which do the same', async () => {
  // an engine of its own: no delta sees what is deleted here
  const { engine: fresh, control: source } = await startChurch({ people: 500 });
  await fresh.delta('people');
  source.clearLog();
  source.latencyMs = 20;
  const all = [...source.all('people')].map(({ id }) => id);
  changeAll(all, 'Before deletes', source);
  const running = fresh.delta('people');
  await afterRequests(source, 2, () => {
    for (const id of all.slice(0, 30)) source.delete('people', id);
  });
  await running;
  const found = await namesIn(fresh);
  expect(all.slice(30).filter((id) => found.get(id) !== 'Before deletes')).toEqual([]);
});
