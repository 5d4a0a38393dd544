import { Writable } from 'node:stream';
import type { Simulator } from '../../../connectors/planning-center/simulator';
import { readSettings } from '../../../schema/settings/settings';
import { atEnd } from '../../../test/environment';
import { type Engine, encryptionKey, ring, startChurch } from '../../../test/support/engine';
import { startServer } from '../../server';
import { apiOperations } from './api';
import { describeApi } from './openapi';
import type { Route } from './route';

/** The API as a machine uses it, over a whole engine. `edge.test.ts` has what holds for every request. */
const key = 'the-key-of-the-api';
const reason = 'the campus was closed';
let engine: Engine;
let control: Simulator['control'];
let url: string;
let operations: Route[];
const logged: string[] = [];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 60 }));
  const { db, temporal, taskQueue, connector } = engine;
  const server = await startServer({
    settings: readSettings({ OAUTH_ENCRYPTION_KEY: encryptionKey, TIDEMARK_API_KEY: key, PORT: '0' }),
    config: { connectors: [connector] },
    db,
    temporal,
    taskQueue,
    logTo: new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk));
        done();
      },
    }),
  });
  atEnd(() => server.close());
  url = server.url;
  operations = await apiOperations({
    db,
    client: temporal.client,
    connectors: [connector],
    taskQueue,
    ring,
    temporalAddress: temporal.address,
  });
});

async function send(method: string, path: string, body?: unknown, authorization = `Bearer ${key}`): Promise<Response> {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return fetch(url + path, { method, ...json, headers: { ...json.headers, authorization } });
}

/** Waits by the API itself for the end of what it started. */
async function outcome({ workflowId, workflowRunId }: { workflowId: string; workflowRunId: string }) {
  const which = `workflowId=${encodeURIComponent(workflowId)}&workflowRunId=${workflowRunId}`;
  for (;;) {
    const outcome = await call('GET', `/api/outcome?${which}&wait=30`);
    if (outcome.state !== 'running') return outcome;
  }
}

/** Calls an operation, and checks that the answer is exactly what the description promises. */
async function call(method: string, path: string, values: Record<string, string> = {}, body?: unknown) {
  const operation = operations.find((one) => one.method === method && one.path === path.split('?')[0]);
  if (operation === undefined) throw new Error(`the description has no ${method} ${path}`);
  const answer = await send(
    method,
    path.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? ''),
    body,
  );
  const text = await answer.text();
  expect([answer.status, text]).toEqual([operation.status, expect.any(String)]);
  const parsed = operation.response.safeParse(JSON.parse(text));
  expect(parsed.error?.issues ?? []).toEqual([]);
  return JSON.parse(text);
}

const target = { connection: 'demo', entity: 'people' };
const ended = async (workflowId: string) => engine.temporal.client.workflow.getHandle(workflowId).result();

/** What operators do in the order in which they do it: each step goes on with what the former left. */
const steps: (readonly [name: string, work: () => Promise<void>])[] = [];
const step = (name: string, work: () => Promise<void>) => steps.push([name, work]);

step('a delta and a record: started, and shown in runs and status', async () => {
  const { started: deltas } = await call('POST', '/api/sync', {}, target);
  const { workflowId, workflowRunId } = deltas[0];
  const started = { workflowId, workflowRunId };
  expect(await outcome(started)).toMatchObject({ state: 'done', result: { outcome: 'succeeded' }, ...started });
  const { runs } = await call('GET', '/api/runs?connection=demo&limit=1');
  expect(runs).toEqual([expect.objectContaining({ state: 'succeeded', trigger: 'api' })]);
  const details = await call('GET', '/api/runs/{run}', { run: runs[0].id });
  expect(details).toMatchObject(runs[0]);
  expect(details).toMatchObject({ parts: [{ step: 'pull', records: 60 }], plan: null, deletedIds: [], setAside: [] });
  const { id } = [...control.all('people')][0] as { id: string };
  const record = await call('POST', '/api/record', {}, { ...target, id });
  expect(await ended(record.workflowId)).toMatchObject({ outcome: 'unchanged' });
  const { connections } = await call('GET', '/api/status?entity=people');
  expect(connections[0].entities[0]).toMatchObject({ entity: 'people', rows: { live: 60 } });
  expect((await call('GET', '/api/connections')).connections).toEqual([expect.objectContaining({ id: 'demo' })]);
});

step("what was started is waited for; what fails says why; what is not ours is nobody's business", async () => {
  const { client } = engine.temporal;
  // nobody works on this queue, so it stays as it is
  const idle = { taskQueue: 'nobody-polls-this', workflowId: 'tidemark/verify/demo/idle', args: [] };
  const handle = await client.workflow.start('verify', idle);
  const which = `workflowId=${encodeURIComponent(handle.workflowId)}`;
  expect(await call('GET', `/api/outcome?${which}`)).toMatchObject({ state: 'running', result: null });
  expect(await call('GET', `/api/outcome?${which}&wait=1`)).toMatchObject({ state: 'running', result: null });
  await handle.terminate('enough');
  expect(await call('GET', `/api/outcome?${which}&wait=1`)).toMatchObject({ state: 'terminated', result: null });
  const failed = await engine.start('verify', { connectionId: 'demo', entity: 'nothing', sample: 1 });
  await expect(failed.result()).rejects.toThrow();
  expect((await send('GET', `/api/outcome?workflowId=${failed.workflowId}`)).status).toBe(400);
  expect((await send('GET', '/api/outcome?workflowId=tidemark/delta/no/body')).status).toBe(404);
});

step('the doctor', async () => {
  const { ok, checkups } = await call('GET', '/api/doctor');
  const wrong = checkups.filter((one: { ok: boolean }) => !one.ok).map((one: { name: string }) => one.name);
  // nobody registers search attributes or makes schedules before the server has done it
  expect(wrong.filter((name: string) => !['search attributes', 'schedules'].includes(name))).toEqual([]);
  expect(ok).toBe(wrong.length === 0);
  expect(checkups.map((one: { name: string }) => one.name)).toContain('workers');
});

step('plans: rejected, approved, undone; what is not to be decided is refused', async () => {
  for (const { id } of [...control.all('people')].slice(0, 40)) control.delete('people', id);
  const waiting = async () => {
    await ended((await call('POST', '/api/reconcile', {}, target)).workflowId);
    return (await call('GET', '/api/plans')).plans.at(-1).id;
  };
  const rejected = await waiting();
  const { status, gone, unlisted, sample } = await call('GET', '/api/plans/{plan}', { plan: rejected });
  expect([status, gone + unlisted, sample.length]).toEqual(['waiting', 40, 5]);
  await call('POST', '/api/plans/{plan}/reject', { plan: rejected }, { reason });
  const again = await send('POST', `/api/plans/${rejected}/approve`, { reason });
  expect([again.status, await again.json()]).toEqual([409, expect.objectContaining({ type: 'urn:tidemark:Refused' })]);

  const plan = await waiting();
  await ended((await call('POST', '/api/plans/{plan}/approve', { plan }, { reason, by: 'ada' })).workflowId);
  expect(await engine.rows('planning_center_people')).toHaveProperty('size', 20);
  const { rows } = await engine.db.raw('select action, actor, reason from tidemark.audit order by id');
  expect(rows).toEqual([
    { action: 'plan reject', actor: 'api', reason },
    { action: 'plan approve', actor: 'api:ada', reason },
  ]);
  const [{ id: run }] = (await call('GET', '/api/runs?limit=1')).runs;
  const applied = await call('GET', '/api/runs/{run}?deleted=3', { run });
  expect(applied).toMatchObject({ plan: { id: plan, status: 'applied', deleted: 40 } });
  expect(applied.deletedIds).toHaveLength(3);
  const undone = await call('POST', '/api/runs/{run}/undo', { run }, { reason });
  expect(undone).toMatchObject({ restored: 40 });
  expect((await send('POST', `/api/runs/${run}/undo`, { reason })).status).toBe(409);
});

step('cursors, schedules, connections', async () => {
  const shown = await call('GET', '/api/cursor?connection=demo&entity=people');
  expect(shown).toMatchObject({ cursor: expect.any(String), resets: [] });
  const moved = await call('POST', '/api/cursor/reset', {}, { ...target, reason, by: 'ada' });
  expect(moved).toMatchObject({ before: shown.cursor, after: null });
  const ahead = await send('POST', '/api/cursor/reset', { ...target, to: '2199-01-01T00:00:00Z', reason });
  expect(ahead.status).toBe(409);
  expect((await call('GET', '/api/cursor?connection=demo&entity=people')).resets).toMatchObject([{ actor: 'api:ada' }]);

  await call('POST', '/api/schedules/repair', {}, { reason });
  const { schedules } = await call('POST', '/api/schedules/pause', {}, { ...target, reason });
  expect(schedules).toHaveLength(2);
  await call('POST', '/api/schedules/resume', {}, { ...target, reason });
  expect((await call('GET', '/api/schedules?connection=demo')).schedules.length).toBeGreaterThan(2);
  const off = await call('POST', '/api/connections/{connection}/disable', { connection: 'demo' }, { reason });
  expect(off.connection.enabled).toBe(false);
  await call('POST', '/api/connections/{connection}/enable', { connection: 'demo' }, { reason });
});

step('single records: explained, set aside, from webhooks, erased; and whole entities read again', async () => {
  const { db } = engine;
  const id = [...control.all('people')].at(-1)?.id ?? '';
  const where = `connection=demo&entity=people&id=${id}`;
  const { row } = await call('GET', `/api/record?${where}`);
  expect(row).toMatchObject({ connection_id: 'demo', external_id: id, deleted_at: null });
  expect((await send('GET', '/api/record?connection=demo&entity=people&id=999')).status).toBe(404);
  expect(await call('GET', `/api/explain?${where}&source=false`)).toMatchObject({
    source: { says: 'not-asked' },
    leftOut: expect.stringContaining('source=false'),
  });
  expect(await call('GET', `/api/explain?${where}&wait=45`)).toMatchObject({ source: { says: 'live' }, leftOut: null });

  const entries = await db('tidemark.set_aside')
    .insert(
      [id, '999'].map((external_id) => ({
        ...{ connection_id: 'demo', entity: 'people', external_id, reason: 'invalid', detail: 'no name' },
        ...{ raw: '{}', raw_hash: Buffer.from(external_id) },
      })),
    )
    .returning('id');
  const [first, second] = entries.map((row) => Number(row.id));
  expect((await call('GET', '/api/set-aside?because=invalid&limit=5')).entries).toHaveLength(2);
  expect(await call('GET', '/api/set-aside/{entry}', { entry: String(first) })).toMatchObject({
    recordId: id,
    raw: '{}',
  });
  const { started } = await call('POST', '/api/set-aside/retry', {}, { entries: [first] });
  await ended(started[0].workflowId);
  await call('POST', '/api/set-aside/discard', {}, { entries: [second], reason });
  expect((await call('GET', '/api/set-aside')).entries).toEqual([]);

  await db.raw(
    `insert into tidemark.inbox (connection_id, event_id, type, entity, external_id, body, done_at, outcome)
     values ('demo', 'e-1', 'person.updated', 'people', ?, '{"secret": 1}', now(), 'parked')`,
    [id],
  );
  const { events } = await call('GET', '/api/webhooks?state=parked');
  expect(events).toMatchObject([{ eventId: 'e-1', recordId: id }]);
  expect(events[0]).not.toHaveProperty('body');
  const [whole] = (await call('GET', '/api/webhooks?state=parked&bodies=true')).events;
  expect(whole).toMatchObject({ id: events[0].id, body: '{"secret": 1}' });
  expect((await send('POST', '/api/webhooks/replay', { connection: 'demo', reason })).status).toBe(409);
  const { reopened } = await call(
    'POST',
    '/api/webhooks/replay',
    {},
    { connection: 'demo', events: [events[0].id], reason },
  );
  expect(reopened).toMatchObject([{ events: 1 }]);

  const since = '2026-01-01T00:00:00Z';
  await ended((await call('POST', '/api/backfill', {}, { ...target, since })).workflowId);
  expect(await outcome(await call('POST', '/api/verify', {}, { ...target, sample: 5 }))).toMatchObject({
    result: { entity: 'people', compared: 5, differingAtMost: expect.any(Number) },
  });
  const probed = await outcome(await call('POST', '/api/probe', {}, target));
  expect(probed.result.findings.map((one: { about: string }) => one.about)).toContain('order');
  expect(await outcome(await call('POST', '/api/remap', {}, target))).toMatchObject({
    result: { outcome: 'succeeded' },
  });
  const forgotten = await call('POST', '/api/forget', {}, { ...target, id, reason });
  expect(forgotten.warnings.length).toBeGreaterThan(0);
  expect((await engine.rows('planning_center_people')).has(id)).toBe(false);
});

test('the abilities of an operator, step by step', async () => {
  expect(steps).toHaveLength(6);
  for (const [name, work] of steps) {
    await work().catch((error: unknown) => {
      if (error instanceof Error) error.message = `${name}: ${error.message}`;
      throw error;
    });
  }
}, 180_000);

test.each([
  ['POST', '/api/reconcile', { connection: 'demo' }, 400, 'body.entity'],
  ['POST', '/api/sync', { ...target, ful: true }, 400, 'ful'],
  ['POST', '/api/sync', { ...target, connection: 'de\0mo' }, 400, 'U+0000'],
  ['POST', '/api/sync', { ...target, connection: 'd'.repeat(101) }, 400, 'body.connection'],
  ['POST', '/api/record', { ...target, id: 'x'.repeat(2_000_000) }, 413, 'larger'],
  ['POST', '/api/sync', { ...target, entity: 'peple' }, 404, 'people'],
  ['GET', '/api/runs?limit=0', undefined, 400, 'query.limit'],
  ['GET', '/api/runs/abc', undefined, 400, 'path.run'],
  ['GET', '/api/runs/999999', undefined, 404, '999999'],
  ['POST', '/api/plans/1/approve', { reason: ' ' }, 400, 'body.reason'],
  ['POST', '/api/plans/999999/reject', { reason }, 404, '999999'],
  ['DELETE', '/api/runs', undefined, 404, 'DELETE'],
] as const)('wrong request %#: %s %s', async (method, path, body, status, says) => {
  const answer = await send(method, path, body);
  const problem = JSON.parse(await answer.text());
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    status,
    expect.stringMatching(/^application\/problem\+json/),
  ]);
  expect(problem.detail).toContain(says);
  expect(problem.instance).toBe(answer.headers.get('x-request-id'));
});

test('nothing is answered without the key, and the key is nowhere in the log', async () => {
  for (const { method, path } of [...operations, { method: 'GET', path: '/api/openapi.json' }]) {
    for (const authorization of ['', 'Bearer wrong', `Basic ${key}`]) {
      expect([path, (await send(method, path, undefined, authorization)).status]).toEqual([path, 401]);
    }
  }
  expect(logged.join('')).toContain('"status":401');
  expect(logged.join('')).not.toContain(key);
});

test('the description has every route and nothing else', async () => {
  const description = JSON.parse(await (await send('GET', '/api/openapi.json')).text());
  expect(description).toEqual(JSON.parse(JSON.stringify(describeApi(operations))));
  const described = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, { operationId: string }>).map(([method, { operationId }]) => ({
      ...{ path, method: method.toUpperCase(), operationId },
    })),
  );
  // and the upload of a file, which is no operation
  expect(described).toHaveLength(operations.length + 1);
  expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(described.length);
  expect(description.paths['/api/runs'].get.parameters).toContainEqual({
    ...{ name: 'limit', in: 'query', required: false },
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 20, description: 'how many' },
  });
  // every reference leads somewhere
  for (const [, name = ''] of JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    expect(Object.keys(description.components.schemas)).toContain(name);
  }
});
