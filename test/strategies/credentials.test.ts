import { coloursFor } from '../../clients/cli/terminal/shell';
import { statusText } from '../../clients/cli/text/parts/statusText';
import { changeConnection } from '../../clients/operations/connections/saveConnection';
import { readyContext } from '../../clients/operations/definition/context';
import { showStatus } from '../../clients/operations/work/status';
import { desiredSchedules } from '../../clients/schedules/desired';
import { getConnection } from '../../destination/connections/connections';
import { openTargets, storeEvents } from '../../destination/inbox/inbox';
import { failureOf, histories, until } from '../invariants/support';
import { connectionId, type Engine, ring, startEngine } from '../support/engine';
import { startTokenSource, type TokenSource } from '../support/sources/tokenSource';
import { oauthConnector } from '../support/tokenClients';

/** A connection whose source issues tokens, from the first run until an operator has to give other credentials. */
let engine: Engine;
let source: TokenSource;
const paged = { path: '/pages', records: 'data', paging: { scheme: 'link', next: 'next' } };
const target = { connectionId, entity: 'people' };

beforeAll(async () => {
  source = await startTokenSource();
  engine = await startEngine({
    connector: oauthConnector({}, { all: paged }),
    settings: { baseUrl: source.baseUrl },
    secrets: { ...source.known },
  });
  await engine.startWorker();
});
afterAll(() => source.close());

const context = () => {
  const { db, connector, temporal, taskQueue } = engine;
  return readyContext({ db, connectors: [connector], client: temporal.client, taskQueue, ring });
};
const live = async () => (await engine.rows('acme_people')).size;
const age = (seconds: number) =>
  engine.db.raw(`update tidemark.tokens set issued_at = issued_at - ? * interval '1 second'`, [seconds]);

test('a token that is revoked in mid-run costs one renewal, not the run', async () => {
  source.beforePage = (page) => {
    if (page === 3) source.revoke();
    source.beforePage = page === 3 ? () => undefined : source.beforePage;
  };
  expect(await engine.delta('people', true)).toMatchObject({ outcome: 'succeeded', counts: { inserted: 5 } });
  expect(source.asked).toHaveLength(2);
  expect(source.refused).toBe(1);
});

describe('credentials that the source accepts no more', () => {
  const event = (eventId: string) => ({ ...target, eventId, type: 'updated', id: '7', headers: {}, body: '{}' });
  const asked = () => source.requests.length;

  test('fail one run, and then the connection rests: no request, no failure, no deletion', async () => {
    source.known.clientSecret = 'another';
    source.revoke();
    await age(61);
    expect(await failureOf(engine.delta('people'))).toBe('CredentialsRefused');
    const before = asked();
    expect(await engine.delta('people')).toMatchObject({ outcome: 'needs-credentials', runId: null });
    expect(await engine.reconcile('people')).toMatchObject({ outcome: 'needs-credentials', runId: null });
    expect(await failureOf(engine.record('people', '7'))).toBe('CredentialsRefused');
    expect(asked()).toBe(before);
    expect(await live()).toBe(5);
  });

  test('pause the schedules, and are not an operator’s pause', async () => {
    const connection = await getConnection(engine.db, connectionId);
    expect(connection).toMatchObject({
      enabled: true,
      needsCredentialsBecause: expect.stringMatching(/invalid_client/),
    });
    const paused = desiredSchedules([engine.connector], [connection]).filter((one) => one.target !== undefined);
    expect(paused.length).toBeGreaterThan(0);
    for (const { pausedBecause } of paused) expect(pausedBecause).toMatch(/demo needs credentials/);
  });

  test('are shown by status, with what to do and without a secret', async () => {
    const shown = await showStatus(context(), { connection: connectionId, entity: undefined, next: false });
    const text = statusText(coloursFor(process.stderr, { NO_COLOR: '1' }), shown);
    expect(text).toMatch(/demo needs credentials since .*: tidemark connect acme demo --update/);
    for (const secret of ['another', 's3cret/of+client']) expect(text).not.toContain(secret);
  });

  test('let webhook events wait without ageing', async () => {
    await storeEvents(engine.db, [event('e1')]);
    await engine.db.raw(`update tidemark.inbox set opened_at = opened_at - interval '9 hours'`);
    expect(await openTargets(engine.db, 10)).toEqual([]);
  });

  test('are resumed by new ones, with one catch-up', async () => {
    source.known.clientSecret = 'the new one';
    const { rows: before } = await engine.db.raw('select max(id)::int as id from tidemark.runs');
    const by = { actor: 'test', reason: 'rotated' };
    await changeConnection(context(), { connection: connectionId, secrets: { clientSecret: 'the new one' } }, by);
    expect(await getConnection(engine.db, connectionId)).toMatchObject({ needsCredentialsSince: null });
    const later = async () =>
      (await engine.db.raw('select status from tidemark.runs where id > ?', [before[0].id])).rows as {
        status: string;
      }[];
    await until(async () => (await later()).some(({ status }) => status === 'succeeded'));
    expect(await later()).toEqual([{ status: 'succeeded' }]);
    expect(await live()).toBe(5);
    const { rows } = await engine.db.raw(
      `select clock_timestamp() - opened_at < interval '1 hour' as young, outcome from tidemark.inbox`,
    );
    expect(rows).toMatchObject([{ young: true }]);
  });

  test('no token and no secret is in any history', async () => {
    const text = (await histories(engine)).map((one) => one.text).join('');
    expect(text).toContain('needs-credentials');
    expect(text).not.toMatch(/access-\d+-|s3cret|the new one/);
  });
});
