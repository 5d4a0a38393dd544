import { testServer } from '../../../test/support/server';

/** Connections as a machine makes, changes and removes them; and that their secrets stay where they belong. */
const secret = 'tell-nobody-0123456789';
const later = 'tell-nobody-9876543210';
const reason = 'a new campus';

test('made, changed, given new secrets, removed; no secret is answered, logged, audited or told to Temporal', async () => {
  const { api, db, client, log } = await testServer();
  const told: string[] = [];
  const call = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    const answer = await api(method, path, body);
    const text = await answer.text();
    told.push(text);
    return [answer.status, JSON.parse(text)] as const;
  };
  const settings = { baseUrl: 'http://127.0.0.1:9' };
  const wanted = { connection: 'grace', connector: 'shop', settings, secrets: { webhookSecret: secret }, reason };

  // whatever is wrong with it, nothing is kept and the secret is not repeated
  for (const [wrong, says] of [
    [{ secrets: { webhookSecret: [secret] } }, 'body.secrets.webhookSecret'],
    [{ secrets: { webhookSecrets: secret } }, "Did you mean 'webhookSecret'?"],
    [{ secrets: secret }, 'body.secrets'],
    [{ settings: { baseUrl: secret } }, 'settings.baseUrl'],
    [{ settings: { ...settings, a: '\0' } }, 'U+0000'],
    [{ schedules: { nothing: { delta: { every: '5m' } } } }, 'schedules.nothing'],
    [{ timeZone: 'Nowhere' }, 'body.timeZone'],
    [{ connection: 'Grace Church' }, 'body.connection'],
  ] as const) {
    const [status, { detail, mistakes }] = await call('POST', '/api/connections', { ...wanted, ...wrong });
    expect([status, detail, mistakes]).toEqual([400, expect.stringContaining(says), expect.any(Array)]);
  }
  expect((await call('POST', '/api/connections', { ...wanted, connector: 'shopp' }))[0]).toBe(404);

  const [status, made] = await call('POST', '/api/connections', { ...wanted, timeZone: 'Europe/Berlin' });
  expect([status, made]).toEqual([
    200,
    expect.objectContaining({ created: true, secrets: ['webhookSecret'], delayedBecause: null }),
  ]);
  expect((await call('POST', '/api/connections', wanted))[0]).toBe(409);
  const schedules = await client.schedule.getHandle('tidemark/schedule/delta/grace/orders').describe();
  expect(JSON.stringify(schedules)).not.toContain(secret);

  const change = { schedules: { orders: { delta: { every: '7m' } } }, reason, by: 'ada' };
  const [, changed] = await call('POST', '/api/connections/grace/change', change);
  expect(changed).toMatchObject({
    created: false,
    secrets: ['webhookSecret'],
    connection: { timeZone: 'Europe/Berlin', schedules: change.schedules, settings },
  });
  const [, shown] = await call('GET', '/api/connections/grace');
  expect(shown).toMatchObject({ secrets: ['webhookSecret'], webhookPath: '/webhooks/grace' });

  const rotation = { secret: 'webhookSecret', value: later, reason };
  const [, rotated] = await call('POST', '/api/connections/grace/rotate-secret', rotation);
  expect(rotated).toEqual({ connectionId: 'grace', secret: 'webhookSecret', formerKept: true });
  expect(
    (await call('POST', '/api/connections/grace/rotate-secret', { secret: 'nothing', value: later, reason }))[0],
  ).toBe(404);
  expect((await call('POST', '/api/connections/grace/rotate-secret', { secret: 'webhookSecret', reason }))[0]).toBe(
    400,
  );
  expect((await call('POST', '/api/connections/reseal', { reason }))[1]).toMatchObject({ resealed: 0 });

  // what happens to its rows has to be said
  const [unsaid, { detail }] = await call('POST', '/api/connections/grace/remove', { reason });
  expect([unsaid, detail]).toEqual([400, expect.stringContaining('body.rows')]);
  const [gone, removed] = await call('POST', '/api/connections/grace/remove', { rows: 'keep', reason });
  expect([gone, removed]).toEqual([200, expect.objectContaining({ connectionId: 'grace', rows: 'kept' })]);
  expect((await call('GET', '/api/connections/grace'))[0]).toBe(404);
  await expect(client.schedule.getHandle('tidemark/schedule/delta/grace/orders').describe()).rejects.toThrow();

  const { rows: audited } = await db.raw(
    'select action, actor, details::text as details from tidemark.audit order by id',
  );
  expect(audited.map(({ action, actor }: { action: string; actor: string }) => [action, actor])).toEqual([
    ['connect', 'api'],
    ['connect --update', 'api:ada'],
    ['connections rotate-secret', 'api'],
    ['connections remove', 'api'],
  ]);
  const everything = [...told, log(), JSON.stringify(audited)].join('\n');
  expect(everything).not.toContain(secret);
  expect(everything).not.toContain(later);
});
