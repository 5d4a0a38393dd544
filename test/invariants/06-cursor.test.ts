import { type Engine, startChurch } from '../support/engine';
import { type Control, cursor, expectEqual, failureOf, lastRun, until } from './support';

/** Invariant 6: the cursor moves only on success, only forward, never to a timestamp read from a record. */
let engine: Engine;
let control: Control;
let ids: string[];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 120 }));
  ids = [...control.all('people')].map(({ id }) => id);
  await engine.delta('people');
});
beforeEach(() => {
  control.clearFaults();
  control.clearLog();
});

const filters = () => control.log().flatMap(({ query }) => /where\[updated_at\]\[gte\]=([^&]*)/.exec(query)?.[1] ?? []);

test('goes back to the API as the API writes its timestamps, not a moment later', async () => {
  const before = await cursor(engine);
  await engine.delta('people');
  const text = `${new Date(before as number).toISOString().slice(0, 19)}Z`;
  expect(filters()[0]).toBe(text);
});

test('is inclusive: a record of the cursor’s own second is found', async () => {
  const at = new Date(Math.floor(((await cursor(engine)) as number) / 1000) * 1000).toISOString();
  control.change('people', ids[0] as string, { updatedAt: at, attributes: { last_name: 'Boundary' } });
  expect((await engine.delta('people')).counts).toMatchObject({ updated: 1 });
});

test('is the moment of the first request less the lookback, however long the run takes', async () => {
  control.latencyMs = 3_000;
  const before = Date.now();
  await engine.delta('people');
  control.latencyMs = 0;
  const moved = (await cursor(engine)) as number;
  expect(moved).toBeGreaterThan(before - 62_000);
  // in the source's whole seconds, before the first answer was there
  expect(moved).toBeLessThanOrEqual((await lastRun(engine)).startedAt.getTime() - 60_000 + 3_000);
});

test('a record of the year 2099 does not move it, and what changes afterwards is found', async () => {
  control.change('people', ids[1] as string, {
    updatedAt: '2099-01-01T00:00:00Z',
    attributes: { last_name: 'Future' },
  });
  await engine.delta('people');
  expect(await cursor(engine)).toBeLessThan(Date.now());
  control.change('people', ids[2] as string, { attributes: { last_name: 'Now' } });
  expect((await engine.delta('people')).counts).toMatchObject({ updated: 1 });
  await expectEqual(engine, control);
});

test('a source whose clock is set back does not pull it back', async () => {
  const before = await cursor(engine);
  control.setClock({ offsetMs: -86_400_000 });
  expect((await engine.delta('people')).outcome).toBe('succeeded');
  control.setClock({});
  expect(await cursor(engine)).toBe(before);
  expect((await lastRun(engine)).cursorAfter).toBeNull();
});

test('a run that fails on its last page leaves it, although every page before is written', async () => {
  const before = await cursor(engine);
  const changed = ids.slice(2, 112);
  for (const id of changed) control.change('people', id, { attributes: { last_name: 'Half' } });
  control.addFault({ match: '/offset=9\\d/', fault: { kind: 'status', status: 401 } });
  expect(await failureOf(engine.delta('people'))).toBe('CredentialsRefused');
  expect(await cursor(engine)).toBe(before);
  const { counts, pages } = await lastRun(engine);
  expect(pages).toBe(1);
  expect(counts.updated).toBeGreaterThan(90);
  control.clearFaults();
  await engine.delta('people');
  await expectEqual(engine, control);
});

test('moved by somebody else meanwhile, it stays where they put it', async () => {
  const reset = new Date('2026-01-01T00:00:00Z');
  control.latencyMs = 3_000;
  const running = engine.delta('people');
  await until(async () => (await lastRun(engine)).status === 'running');
  await engine.db.raw('update tidemark.cursors set at = ?', [reset]);
  expect((await running).outcome).toBe('succeeded');
  control.latencyMs = 0;
  expect(await cursor(engine)).toBe(reset.getTime());
  expect((await lastRun(engine)).cursorAfter).toBeNull();
  await engine.delta('people');
  expect(await cursor(engine)).toBeGreaterThan(reset.getTime());
});

test('a reconciliation does not move it', async () => {
  const before = await cursor(engine);
  await engine.reconcile('people');
  expect(await cursor(engine)).toBe(before);
});

test('a full run asks without it and moves it all the same', async () => {
  const before = (await cursor(engine)) as number;
  // the source tells its time in whole seconds, so a run within the same second moves nothing
  await until(async () => {
    await engine.delta('people', true);
    return ((await cursor(engine)) as number) > before;
  });
  expect(filters()).toEqual([]);
});
