import { ids } from '../../schema/workflows';
import { atEnd, testSettings, testTemporal } from '../../test/environment';
import { type TestServer, testServer, until } from '../../test/support/server';
import { testProxy } from '../../test/support/sources/proxy';
import { connectTemporalLater } from '../temporal/temporal';

// Waits of the dispatcher itself may take half a minute. Each test has a server of its own; those that wait for Temporal run beside the others.
jest.setTimeout(120_000);

const target = { connectionId: 'demo', entity: 'customers' };
const event = (eventId: string, id: string) => ({ eventId, type: 'customers.updated', entity: 'customers', id });

async function workflowsOf({ client }: Pick<TestServer, 'client'>, type: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = '${type}'` }))
    found.push(workflowId);
  return found;
}

/** How often a workflow was signalled. */
async function signals({ client }: Pick<TestServer, 'client'>, workflowId: string): Promise<number> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).filter((one) => one.workflowExecutionSignaledEventAttributes).length;
}

const exists = (t: Pick<TestServer, 'client'>, workflowId: string) =>
  t.client.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      () => true,
      () => false,
    );

async function throughProxy() {
  const temporal = await testTemporal();
  const [host = '', port = ''] = temporal.address.split(':');
  const proxy = await testProxy(host, Number(port));
  const { client, connection } = connectTemporalLater({
    temporalEnvironment: {
      TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TEMPORAL_CONFIG_FILE: '/dev/null',
    },
  });
  atEnd(() => connection.close());
  return { proxy, client, direct: { client: temporal.client } };
}

/** However slow the machine: what passes for a trickle in so much time, see `single` in dispatch.ts. */
const trickle = (sinceMs: number) => 8 + (20 * (performance.now() - sinceMs)) / 1000;

test('a few records are fetched one by one, a burst in batches', async () => {
  const t = await testServer();
  const start = performance.now();
  const events = Array.from({ length: 500 }, (_, index) => event(`e-${index}`, `r-${index}`));
  const responses = await Promise.all(events.map((one) => t.deliver('demo', [one])));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]));
  await until(() => exists(t, ids.inbox(target)));
  const single = await workflowsOf(t, 'singleRecord');
  expect(single.length).toBeLessThanOrEqual(trickle(start));
  expect(await workflowsOf(t, 'syncRecords')).toEqual([ids.inbox(target)]);
  // one each tenth of a second at most
  expect(await signals(t, ids.inbox(target))).toBeLessThanOrEqual(1 + (performance.now() - start) / 100);
});

test('one hot record is fetched by one workflow, which is not signalled for each event', async () => {
  const t = await testServer();
  const start = performance.now();
  await Promise.all(Array.from({ length: 300 }, (_, index) => t.deliver('demo', [event(`e-${index}`, 'hot')])));
  await until(() => exists(t, ids.inbox(target)));
  expect(await workflowsOf(t, 'singleRecord')).toEqual([ids.record(target, 'hot')]);
  expect(await signals(t, ids.record(target, 'hot'))).toBeLessThanOrEqual(trickle(start));
});

test('an event about a record of which another has just come goes to the batch, which gathers them', async () => {
  const t = await testServer();
  await Promise.all([t.deliver('demo', [event('first', 'hot')]), t.deliver('demo', [event('second', 'hot')])]);
  await until(() => exists(t, ids.inbox(target)));
  await until(() => exists(t, ids.record(target, 'hot')));
  expect(await signals(t, ids.record(target, 'hot'))).toBe(1);
  // others are none of its business
  await t.deliver('demo', [event('third', 'other')]);
  await until(() => exists(t, ids.record(target, 'other')));
});

test.concurrent('with Temporal down webhooks are taken, and processed when it is back', async () => {
  const { proxy, client, direct } = await throughProxy();
  const t = await testServer({ client });
  await t.deliver('demo', [event('before', 'before')]);
  await until(() => exists(direct, ids.record(target, 'before')));
  await proxy.cut();
  const responses = await Promise.all(
    Array.from({ length: 10 }, (_, index) => t.deliver('demo', [event(`down-${index}`, `down-${index}`)])),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(202));
  await until(async () => t.log().includes('webhook events stay in the inbox'));
  expect((await t.deliver('demo', [event('later', 'later')])).status).toBe(202);
  const ready = await fetch(`${t.server.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: 'degraded', postgres: 'ok', temporal: 'unreachable' },
  ]);
  await proxy.restore();
  await until(() => exists(direct, ids.inbox(target)));
  // and afterwards things go on as before
  await until(async () => t.log().includes('Temporal is available again'));
  await t.deliver('demo', [event('after', 'after')]);
  await until(() => exists(direct, ids.record(target, 'after')));
});

test.concurrent('a server that starts while Temporal is down takes webhooks, and hands over what it took', async () => {
  const { proxy, client, direct } = await throughProxy();
  await proxy.cut();
  const t = await testServer({ client });
  expect((await t.deliver('demo', [event('e-1', '1')])).status).toBe(202);
  await proxy.restore();
  // by the try that was under way, or by the one that covers what is open
  await until(async () => (await exists(direct, ids.record(target, '1'))) || (await exists(direct, ids.inbox(target))));
  // and the schedules agree
  await until(() =>
    direct.client.schedule
      .getHandle(ids.sweepSchedule)
      .describe()
      .then(
        () => true,
        () => false,
      ),
  );
});

test('with PostgreSQL down webhooks are refused for now, and taken again when it is back', async () => {
  const { hostname, port } = new URL(testSettings().postgresUrl);
  const proxy = await testProxy(hostname, Number(port));
  const t = await testServer({
    databaseUrl: async (url) => {
      const through = new URL(url);
      through.host = `127.0.0.1:${proxy.port}`;
      return through.href;
    },
  });
  expect((await t.deliver('demo', [event('before', '1')])).status).toBe(202);
  await proxy.cut();
  const response = await t.deliver('demo', [event('down', '1')]);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({ type: 'urn:tidemark:DestinationUnavailable' });
  const ready = await until(async () => {
    const answer = await fetch(`${t.server.url}/readyz`);
    return answer.status === 503 && answer.json();
  });
  expect(ready).toMatchObject({ status: 'unavailable', postgres: 'unreachable' });
  expect((await fetch(`${t.server.url}/healthz`)).status).toBe(200);
  await proxy.restore();
  await until(async () => (await t.deliver('demo', [event('down', '1')])).status === 202);
  const { rows } = await t.db.raw(`select event_id from tidemark.inbox order by event_id`);
  expect(rows).toEqual([{ event_id: 'before' }, { event_id: 'down' }]);
});

test('a server that ends takes nothing more, and leaves nothing behind that was acknowledged', async () => {
  const t = await testServer();
  const sent = Array.from({ length: 200 }, (_, index) =>
    t.deliver('demo', [event(`e-${index}`, `r-${index}`)]).then(
      ({ status }) => status,
      () => 0,
    ),
  );
  await sent[0];
  await t.server.close();
  const statuses = await Promise.all(sent);
  const acknowledged = statuses.flatMap((status, index) => (status === 202 ? [index] : []));
  expect(acknowledged).not.toEqual([]);
  const { rows } = await t.db.raw('select event_id from tidemark.inbox');
  const stored = new Set(rows.map((row: { event_id: string }) => row.event_id));
  expect(acknowledged.filter((index) => !stored.has(`e-${index}`))).toEqual([]);
  const batched = await exists(t, ids.inbox(target));
  for (const index of acknowledged) expect(batched || (await exists(t, ids.record(target, `r-${index}`)))).toBe(true);
  await expect(fetch(`${t.server.url}/healthz`)).rejects.toThrow();
});
