import { readyContext } from '../../clients/operations/definition/context';
import { explainRecord } from '../../clients/operations/work/explain/explain';
import type { One } from '../../schema/definition/listings/listing';
import { aMinuteLater } from '../invariants/support';
import { someThings, startThings, type Things, thingsPage } from '../invariants/thingsSource';
import { connectionId, type Engine, startEngine } from '../support/engine';

/** Two records were merged: the source lists one of them, and answers with it when the other is asked for. */
const [merged, survivor] = ['t1003', 't1004'];

async function afterAMerge(otherId?: One['otherId']): Promise<{ engine: Engine; things: Things }> {
  const things = await startThings(someThings(20), {
    listings: { all: thingsPage, ids: thingsPage, one: { path: '/things/{id}', ...(otherId && { otherId }) } },
  });
  const engine = await startEngine({
    connector: things.connector,
    settings: { baseUrl: things.source.baseUrl },
    secrets: { token: 't' },
  });
  await engine.delta('things');
  await aMinuteLater(engine, 'acme_things');
  merge(things);
  return { engine, things };
}

function merge(things: Things): void {
  things.unlisted.add(merged);
  things.instead = (url) => (url.pathname === `/things/${merged}` ? { body: things.records.get(survivor) } : undefined);
}

async function item({ db }: Engine): Promise<{ difference: string; outcome: string; detail: string }> {
  return db('tidemark.plan_items').where({ external_id: merged }).orderBy('plan_id', 'desc').first();
}

test('not listed, and answered with another record: deleted on both, which explain shows', async () => {
  const { engine } = await afterAMerge();
  expect(await engine.reconcile('things')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 1 });
  expect(await item(engine)).toMatchObject({
    outcome: 'deleted',
    detail: expect.stringMatching(/^not listed, and GET .*\/things\/t1003 answered with another record, 't1004'/),
  });
  expect([...(await engine.rows('acme_things')).keys()]).not.toContain(merged);
  expect([...(await engine.rows('acme_things')).keys()]).toContain(survivor);
  const { db, connector, temporal, taskQueue } = engine;
  const context = readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
  const asked = { connection: connectionId, entity: 'things', id: merged, source: true, wait: 45 };
  const told = await explainRecord(context, asked);
  expect(JSON.stringify(told)).toContain(`answered with another record, '${survivor}'`);
}, 60_000);

test("with otherId 'error': it proves nothing, the row stays, and it counts as not judged", async () => {
  const { engine } = await afterAMerge('error');
  expect(await engine.reconcile('things')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 0 });
  expect(await item(engine)).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining(`another record, '${survivor}'`),
  });
  expect([...(await engine.rows('acme_things')).keys()]).toContain(merged);
}, 60_000);

test('listed, and answered with another record: no evidence, since a complete list has it', async () => {
  const { engine, things } = await afterAMerge();
  things.unlisted.clear();
  await engine
    .db('acme_things')
    .where({ external_id: merged })
    .update({ _disputed_at: new Date(0) });
  expect(await engine.reconcile('things')).toMatchObject({ outcome: 'succeeded', gone: 0, deleted: 0 });
  await engine.record('things', merged);
  expect([...(await engine.rows('acme_things')).keys()]).toContain(merged);
}, 60_000);
