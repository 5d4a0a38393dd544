import { createHmac } from 'node:crypto';
import { keyRing, saveSecrets } from '../../../destination/connections/secrets';
import { ids } from '../../../schema/workflows';
import { testConnector } from '../../../test/support/connector';
import { type TestServer, testServer, until } from '../../../test/support/server';
import { readStatus } from '../../operations/work/status';

async function problemOf(response: Response): Promise<{ type: string }> {
  return (await response.json()) as { type: string };
}

describe('a webhook', () => {
  let t: TestServer;
  const key = 'ab'.repeat(32);
  beforeAll(async () => {
    const quiet = testConnector({ name: 'quiet' });
    const strict = testConnector({ name: 'strict' });
    const strictRules = strict.webhooks && { ...strict.webhooks, acknowledge: 200 as const };
    t = await testServer({
      connectors: [testConnector(), { ...quiet, webhooks: undefined }, { ...strict, webhooks: strictRules }],
      env: { OAUTH_ENCRYPTION_KEY: key },
      webhookBodyLimit: 10_000,
    });
  });

  async function stored(eventId: string) {
    const { rows } = await t.db.raw('select * from tidemark.inbox where event_id = ?', [eventId]);
    return rows;
  }
  const storedInAll = async () => Number((await t.db.raw('select count(*) as n from tidemark.inbox')).rows[0].n);
  const describeWorkflow = (workflowId: string) =>
    until(() =>
      t.client.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => undefined),
    );
  const event = (eventId: string, id: string, entity = 'customers') => ({
    eventId,
    type: `${entity}.updated`,
    entity,
    id,
  });

  test('is on disk when it is acknowledged, and processed', async () => {
    const body = JSON.stringify([event('e-1', '7')], undefined, 2);
    const response = await t.deliver('demo', body, { 'x-event-id': 'e-1', authorization: 'Basic c2VjcmV0' });
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(await stored('e-1')).toMatchObject([
      { connection_id: 'demo', type: 'customers.updated', entity: 'customers', external_id: '7', body, done_at: null },
    ]);
    expect((await stored('e-1'))[0].headers).toMatchObject({ 'content-type': 'application/json', 'x-event-id': 'e-1' });
    expect(JSON.stringify((await stored('e-1'))[0].headers)).not.toMatch(/signature|authorization|c2VjcmV0/);

    const found = await describeWorkflow(ids.record({ connectionId: 'demo', entity: 'customers' }, '7'));
    expect(found).toMatchObject({
      type: 'singleRecord',
      taskQueue: t.taskQueue,
      memo: { connection: 'demo', entity: 'customers', strategy: 'record' },
      searchAttributes: { TidemarkConnection: ['demo'], TidemarkEntity: ['customers'] },
      priority: { priorityKey: 1, fairnessKey: 'demo' },
    });
    const history = await t.client.workflow.getHandle(found.workflowId).fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(JSON.parse(Buffer.from(started?.input?.payloads?.[0]?.data ?? '').toString())).toEqual({
      connectionId: 'demo',
      entity: 'customers',
      id: '7',
    });
    expect(history.events?.map((one) => one.workflowExecutionSignaledEventAttributes?.signalName)).toContain('again');
  });

  test('that comes fifty times at once is stored once, and acknowledged each time', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => t.deliver('demo', [event('e-50', '50')])));
    expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(202));
    expect(await stored('e-50')).toHaveLength(1);
  });

  test('of a type that the connector does not know is stored, acknowledged and ignored', async () => {
    const response = await t.deliver('demo', [
      { eventId: 'e-new', type: 'planet.discovered', entity: 'planets', id: '9' },
    ]);
    expect(response.status).toBe(202);
    expect(await stored('e-new')).toMatchObject([{ type: 'planet.discovered', entity: null, outcome: 'ignored' }]);
  });

  test('that the connector cannot read is parked with the reason, acknowledged, and not sent for ever', async () => {
    const response = await t.deliver('demo', { not: 'a list of events' });
    expect(response.status).toBe(202);
    const { rows } = await t.db.raw(`select * from tidemark.inbox where type = 'unreadable'`);
    expect(rows).toMatchObject([
      { entity: null, outcome: 'parked', detail: expect.stringMatching(/shop cannot read it/) },
    ]);
    expect(rows[0].body).toBe('{"not":"a list of events"}');
    const [status] = (await readStatus(t.db, [testConnector()], undefined, { connectionId: 'demo' })).connections;
    expect(status).toMatchObject({ id: 'demo', unreadable: 1 });
  });

  test('whose record id fits into no index is parked', async () => {
    expect((await t.deliver('demo', [event('e-long', 'x'.repeat(5_000))])).status).toBe(202);
    expect(await stored('e-long')).toMatchObject([
      { outcome: 'parked', detail: expect.stringMatching(/5000 characters/) },
    ]);
  });

  test('with characters that PostgreSQL cannot store is kept all the same', async () => {
    const body = `[${JSON.stringify(event('e-nul', '8')).replace('customers.updated', 'a\\u0000b\\ud800')}]`;
    expect((await t.deliver('demo', body)).status).toBe(202);
    expect(await stored('e-nul')).toMatchObject([{ external_id: '8', done_at: null }]);
  });

  test('without an id of its own: the same again opens the event again', async () => {
    const body = [{ type: 'customers.updated', entity: 'customers', id: 'no-id' }];
    const events = async () => (await t.db.raw(`select * from tidemark.inbox where external_id = 'no-id'`)).rows;
    await t.deliver('demo', body);
    const [before] = await events();
    await t.db.raw(
      `update tidemark.inbox set done_at = clock_timestamp(), outcome = 'updated' where external_id = 'no-id'`,
    );
    await t.deliver('demo', body);
    const after = await events();
    expect(after).toMatchObject([{ event_id: expect.stringMatching(/^sha256:/), done_at: null, outcome: null }]);
    expect(after[0].opened_at.getTime()).toBeGreaterThan(before.opened_at.getTime());
  });

  test('that tells of several records under one id loses none of them', async () => {
    await t.deliver('demo', [event('e-many', 'a'), event('e-many', 'b'), event('e-many', 'c', 'orders')]);
    const { rows } = await t.db.raw(
      `select external_id from tidemark.inbox where external_id in ('a', 'b', 'c') order by 1`,
    );
    expect(rows.map((row: { external_id: string }) => row.external_id)).toEqual(['a', 'b', 'c']);
  });

  test('is acknowledged as its source wants it', async () => {
    await t.addConnection('strict-one', { connector: 'strict' });
    expect((await t.deliver('strict-one', [event('e-strict', '1')])).status).toBe(200);
  });

  test.each([
    ['a wrong signature', { 'x-signature': 'ab'.repeat(32) }, 401, 'SignatureRefused'],
    ['no signature', { 'x-signature': undefined }, 401, 'SignatureRefused'],
    ['a foreign content type', { 'content-type': 'text/plain' }, 415, 'ForeignContentType'],
    ['a foreign charset', { 'content-type': 'application/json; charset=latin1' }, 415, 'ForeignContentType'],
    ['a compressed body', { 'content-encoding': 'gzip' }, 415, 'ForeignContentType'],
  ])('with %s is refused and not stored', async (_what, headers, status, type) => {
    const before = await storedInAll();
    const response = await t.deliver('demo', [event('e-refused', '1')], headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ status, type: `urn:tidemark:${type}`, instance: expect.any(String) });
    expect(await storedInAll()).toBe(before);
  });

  test('that is signed but no JSON is refused', async () => {
    for (const body of ['{"truncated": ', '', 'undefined']) {
      const response = await t.deliver('demo', body);
      expect([response.status, (await problemOf(response)).type]).toEqual([400, 'urn:tidemark:MalformedBody']);
    }
  });

  test('that is too large is refused', async () => {
    const response = await t.deliver('demo', [event('e-large', 'x'.repeat(11_000))]);
    expect([response.status, (await problemOf(response)).type]).toEqual([413, 'urn:tidemark:TooLarge']);
  });

  test('for a connection that is not there, or that takes none, is not found', async () => {
    await t.addConnection('quiet-one', { connector: 'quiet' });
    for (const name of ['nobody', 'quiet-one', '..%2f..', '%00', "x'--", 'X'.repeat(150)]) {
      const response = await t.deliver(name, [event('e-nobody', '1')]);
      expect([name, response.status, (await problemOf(response)).type]).toEqual([name, 404, 'urn:tidemark:NotFound']);
    }
  });

  test('reaches a connection seconds after it was made, and after its secret was changed', async () => {
    expect((await t.deliver('late', [event('e-late', '1')])).status).toBe(404);
    await t.addConnection('late');
    await until(async () => (await t.deliver('late', [event('e-late', '1')])).status === 202);
    await saveSecrets(t.db, keyRing(key), 'late', { webhookSecret: 'another' });
    const body = JSON.stringify([event('e-late-2', '1')]);
    const signature = createHmac('sha256', 'another').update(body).digest('hex');
    await until(async () => (await t.deliver('late', body, { 'x-signature': signature })).status === 202);
    expect((await t.deliver('late', [event('e-late-3', '1')])).status).toBe(401);
  });

  test('for a disabled connection is kept for later', async () => {
    await t.addConnection('off', { enabled: false });
    expect((await t.deliver('off', [event('e-off', '1')])).status).toBe(202);
    expect(await stored('e-off')).toMatchObject([{ done_at: null }]);
    await t.deliver('demo', [event('e-after-off', 'after-off')]);
    await describeWorkflow(ids.record({ connectionId: 'demo', entity: 'customers' }, 'after-off'));
    const handle = t.client.workflow.getHandle(ids.record({ connectionId: 'off', entity: 'customers' }, '1'));
    await expect(handle.describe()).rejects.toThrow(/not found/i);
  });

  test('that PostgreSQL refuses does not hurt those stored beside it', async () => {
    await t.db.raw(`create function refuse_poison() returns trigger language plpgsql as
      $$ begin if new.type = 'poison' then raise exception 'poison'; end if; return new; end $$`);
    await t.db.raw(
      'create trigger refuse before insert on tidemark.inbox for each row execute function refuse_poison()',
    );
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        t.deliver('demo', [{ ...event(`e-beside-${index}`, '1'), ...(index === 7 ? { type: 'poison' } : {}) }]),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(
      Array.from({ length: 20 }, (_, index) => (index === 7 ? 500 : 202)),
    );
    const { rows } = await t.db.raw(`select count(*) as n from tidemark.inbox where event_id like 'e-beside-%'`);
    expect(Number(rows[0].n)).toBe(19);
  });

  test('leaves no signature, secret or body in the log', () => {
    expect(t.log()).toMatch(/not signed as it should be/);
    expect(t.log()).not.toMatch(/abababab|c2VjcmV0|the secret of/);
    expect(t.log()).not.toMatch(/a list of events/);
  });
});
