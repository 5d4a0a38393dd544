import { ids as workflowIds, workflowNames } from '../../schema/workflows';
import { aMinuteLater, histories, until } from '../invariants/support';
import { secretValue, someThings, startThings, type Things } from '../invariants/thingsSource';
import { connectionId, type Engine, startEngine } from '../support/engine';

/** A delta settles the disputes that it raises by a batch of its own: nothing here has a schedule, so no sweep ever runs. */
const table = 'acme_things';
const target = { connectionId, entity: 'things' };
const readLagMs = 1_000;

/** An engine whose things are all synced, one of which was deleted since, and created again just now. */
async function withOneCreatedAgain(count: number): Promise<{ engine: Engine; things: Things }> {
  const things = await startThings(someThings(count), { readLag: `${readLagMs}ms` });
  const { connector, source } = things;
  const engine = await startEngine({
    connector,
    settings: { baseUrl: source.baseUrl },
    secrets: { token: secretValue },
  });
  await engine.delta('things');
  things.records.delete('t1001');
  expect(await engine.record('things', 't1001')).toMatchObject({ outcome: 'deleted' });
  await aMinuteLater(engine, table);
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  things.records.set('t1001', { id: 't1001', updated_at: now, name: 'Created again', amount: 1 });
  return { engine, things };
}

const row = (engine: Engine) => engine.db(table).where({ external_id: 't1001' }).first();

/** How long the only batch waited before it asked; throws where there was another, or a sweep. */
async function waitOfTheBatch(engine: Engine): Promise<string | undefined> {
  const all = await histories(engine);
  expect(all.map(({ type }) => type)).not.toContain(workflowNames.sweep);
  const batches = all.filter(({ workflowId }) => workflowId === workflowIds.disputes(target));
  expect(batches).toHaveLength(1);
  return /"startToFireTimeout":\s*"([^"]+)"/.exec(batches[0]?.text ?? '')?.[1];
}

test.each([
  { what: 'a delta of one page', count: 20, full: false },
  { what: 'a sync of everything in two pages', count: 120, full: true },
])('$what settles its disputes a read lag later, by asking each record once', async ({ count, full }) => {
  const { engine, things } = await withOneCreatedAgain(count);
  const asked = things.source.requests.length;
  expect((await engine.delta('things', full)).counts).toMatchObject({ disputed: 1 });
  const disputed = await row(engine);
  expect(disputed).toMatchObject({ deleted_at: expect.any(Date), _disputed_at: expect.any(Date) });

  await until(async () => (await row(engine))._disputed_at === null);

  const settled = await row(engine);
  expect(settled).toMatchObject({ name: 'Created again', deleted_at: null });
  expect(settled._sent_at.getTime()).toBeGreaterThan(disputed._disputed_at.getTime() + readLagMs);
  expect(things.source.requests.slice(asked).filter((path) => path === '/things/t1001')).toHaveLength(1);
  expect(await waitOfTheBatch(engine)).toBe('1.500s');
});

test('a delta without disputes starts no batch', async () => {
  const { engine, things } = await withOneCreatedAgain(20);
  things.records.delete('t1001');
  expect((await engine.delta('things')).counts).toMatchObject({ disputed: 0 });
  const started = (await histories(engine)).map(({ workflowId }) => workflowId);
  expect(started).not.toContain(workflowIds.disputes(target));
});
