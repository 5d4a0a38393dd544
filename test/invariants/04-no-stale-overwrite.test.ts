import { workflowNames } from '../../schema/workflows';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { aMinuteLater, until } from './support';
import { secretValue, someThings, startThings, type Thing, type Things } from './thingsSource';

/**
 * Invariant 4: which of two answers stays is decided by what they say and when they were asked for, not by who writes last. The
 * predicate itself is tested in destination/rows/mergeRule.test.ts and guardModel.test.ts.
 */
const table = 'acme_things';
let engine: Engine;
let things: Things;

beforeAll(async () => {
  things = await startThings(someThings(20));
  const { connector, source } = things;
  engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl }, secrets: { token: secretValue } });
  await engine.delta('things');
});
beforeEach(async () => {
  things.instead = () => undefined;
  await aMinuteLater(engine, table);
});

const at = (moment: number) => new Date(moment).toISOString().replace(/\.\d+Z$/, 'Z');
const set = (id: string, name: string, updated_at = at(Date.now())) =>
  things.records.set(id, { id, updated_at, name, amount: 1 });
const row = async (id: string) => engine.db(table).where({ external_id: id }).first();

/** As the sweep has it done, once the read lag has passed. */
const askDisputedAgain = async () =>
  (
    await engine.start(workflowNames.syncRecords, { connectionId, entity: 'things', batch: { of: 'disputes' } })
  ).result();

/** The next list is put together now and arrives when `release` is called, as from a slow source. */
function holdNextList(): { asked(): Promise<void>; release(): void } {
  let release: () => void = () => undefined;
  let asked = false;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  things.instead = async (url) => {
    if (url.pathname !== '/things' || asked) return undefined;
    const data: Thing[] = [...things.records.values()];
    asked = true;
    await released;
    return { body: { data, total: data.length, more: false } } as never;
  };
  return { asked: () => until(() => asked), release };
}

/** The next request for this record is answered when `release` is called. */
function holdNextRecord(id: string): { asked(): Promise<void>; release(): void } {
  let release: () => void = () => undefined;
  let asked = false;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  things.instead = async (url) => {
    if (url.pathname !== `/things/${id}` || asked) return undefined;
    asked = true;
    await released;
    return undefined;
  };
  return { asked: () => until(() => asked), release };
}

test('a page of a delta that was slow does not undo what a webhook wrote meanwhile', async () => {
  set('t1001', 'Old');
  const page = holdNextList();
  const running = engine.delta('things', true);
  await page.asked();
  set('t1001', 'New', at(Date.now() + 2000));
  await engine.record('things', 't1001');
  page.release();
  await running;
  expect((await row('t1001')).name).toBe('New');
});

test('nor does it bring back what was deleted meanwhile', async () => {
  const page = holdNextList();
  const running = engine.delta('things', true);
  await page.asked();
  things.records.delete('t1002');
  expect(await engine.record('things', 't1002')).toMatchObject({ outcome: 'deleted' });
  page.release();
  await running;
  expect((await row('t1002')).deleted_at).not.toBeNull();
});

test('nor does it put an old row where a delete was remembered before there was one', async () => {
  set('t2000', 'Short-lived');
  const page = holdNextList();
  const running = engine.delta('things', true);
  await page.asked();
  things.records.delete('t2000');
  await engine.record('things', 't2000');
  page.release();
  await running;
  expect((await engine.rows(table)).has('t2000')).toBe(false);
});

test('two edits within one tick of the version: the later one stays, whoever writes last', async () => {
  const tick = at(Date.now());
  set('t1003', 'First', tick);
  const page = holdNextList();
  const running = engine.delta('things', true);
  await page.asked();
  set('t1003', 'Second', tick);
  await engine.record('things', 't1003');
  page.release();
  const { counts } = await running;
  expect(counts.disputed).toBe(1);
  expect((await row('t1003')).name).toBe('Second');
});

test('a version that went back for good is believed only to an answer that is asked for after the dispute', async () => {
  set('t1004', 'Of the future', '2099-01-01T00:00:00Z');
  await engine.delta('things', true);
  set('t1004', 'Corrected');
  // a page may be stale: the row keeps the higher version, and is asked for again
  expect((await engine.delta('things', true)).counts).toMatchObject({ disputed: 1, updated: 0 });
  expect((await row('t1004')).name).toBe('Of the future');
  await until(async () => {
    await askDisputedAgain();
    return (await row('t1004'))._disputed_at === null;
  });
  expect((await row('t1004')).name).toBe('Corrected');
});

test('a slow page that brings such a version back is disputed, and does not outlive the next reconciliation', async () => {
  set('t1005', 'Of the future', '2099-01-01T00:00:00Z');
  await engine.delta('things', true);
  await aMinuteLater(engine, table);
  const page = holdNextList();
  const running = engine.delta('things', true);
  await page.asked();
  set('t1005', 'Corrected');
  expect(await engine.record('things', 't1005')).toMatchObject({ outcome: 'updated' });
  page.release();
  expect((await running).counts).toMatchObject({ disputed: 1 });
  await engine.reconcile('things');
  expect((await row('t1005')).name).toBe('Corrected');
});

test('rows that a second delta leaves disputed, while those of a first one wait, are settled after the read lag as well', async () => {
  for (const id of ['t1006', 't1007']) set(id, 'Of the future', '2099-01-01T00:00:00Z');
  await engine.delta('things', true);
  await aMinuteLater(engine, table);
  set('t1006', 'Corrected');
  expect((await engine.delta('things', true)).counts).toMatchObject({ disputed: 1 });
  // the batch that settles the first one runs: until the second delta is over it is held at the source
  const ask = holdNextRecord('t1006');
  await ask.asked();
  set('t1007', 'Corrected too');
  expect((await engine.delta('things', true)).counts).toMatchObject({ disputed: 2 });
  ask.release();
  await until(async () => (await row('t1006'))._disputed_at === null && (await row('t1007'))._disputed_at === null);
  expect([(await row('t1006')).name, (await row('t1007')).name]).toEqual(['Corrected', 'Corrected too']);
});
