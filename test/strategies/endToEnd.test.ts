import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startPlanningCenterSimulator } from '../../connectors/planning-center/simulator';
import { atEnd, type TestDatabase, testDatabase, testTemporal } from '../environment';
import { type Finished, runCli, type StartedCli, startCli, temporaryFolder } from '../support/cli/cli';
import { startCliHost } from '../support/cli/cliHost';

jest.setTimeout(120_000);

const people = 230;
const secrets = { appId: 'app', secret: 'the right one', webhookSecret: 'signed with this' };
const apiKey = randomBytes(16).toString('hex');

/** The whole, as people use it: built commands and the HTTP API, a worker and a server as processes, a source over HTTP. */
describe('through CLI and HTTP', () => {
  const cwd = temporaryFolder();
  let database: TestDatabase;
  let simulator: Simulator;
  let env: NodeJS.ProcessEnv;
  let worker: StartedCli;
  let server: StartedCli;
  let api: string;

  const hosted = startCliHost();
  const run = (...args: string[]): Promise<Finished> => runCli(args, { cwd, env });
  /** the document of a command that has to succeed */
  const document = async (...args: string[]) => {
    const { status, stdout, stderr } = await hosted([...args, '--json'], { cwd, env });
    if (status !== 0) throw new Error(`tidemark ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  };
  const person = async (id: string) => {
    const [row] = await database.query<{ first_name: string; deleted_at: Date | null }>(
      'select first_name, deleted_at from planning_center_people where connection_id = $1 and external_id = $2',
      ['demo', id],
    );
    return row === undefined ? undefined : { name: row.first_name, live: row.deleted_at === null };
  };
  const live = async (table: string): Promise<number> => {
    const rows = await database.query<{ count: string }>(
      `select count(*) from ${table} where connection_id = 'demo' and deleted_at is null`,
    );
    return Number(rows[0]?.count);
  };
  const request = (path: string, body?: unknown, key: string | undefined = apiKey) =>
    fetch(`${api}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  beforeAll(async () => {
    database = await testDatabase();
    const temporal = await testTemporal();
    simulator = await startPlanningCenterSimulator({ people, donations: 120, ...secrets, rateLimit: false });
    atEnd(() => simulator.stop());
    env = {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TEMPORAL_CONFIG_FILE: '/dev/null',
      OAUTH_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      TIDEMARK_API_KEY: apiKey,
      PORT: '0',
    };
    const connected = await runCli(
      ['connect', 'planning_center', 'demo', '--set', `baseUrl=${simulator.url}`, '--delta', '12h', '--secrets-stdin'],
      { cwd, env, stdin: JSON.stringify(secrets) },
    );
    if (connected.status !== 0) throw new Error(connected.stderr);
    worker = startCli(['worker'], { cwd, env });
    server = startCli(['server'], { cwd, env });
    api = await until(() => /"url":"(http:[^"]+)"/.exec(server.output.stderr)?.[1], 'the server to listen', server);
    simulator.control.configureWebhooks({ url: `${api}/webhooks/demo`, secret: secrets.webhookSecret, auto: false });
  });

  test('the first sync brings everything, and counts it', async () => {
    const { outcomes } = await document('sync', 'demo');
    expect(outcomes).toMatchObject([
      { result: { entity: 'people', outcome: 'succeeded', counts: { inserted: people, errors: 0 } } },
      { result: { entity: 'donations', outcome: 'succeeded', counts: { inserted: 120, errors: 0 } } },
    ]);
    expect([await live('planning_center_people'), await live('planning_center_donations')]).toEqual([people, 120]);
  });

  test('a change is found by the next delta, and only it is written', async () => {
    simulator.control.change('people', '10000003', { attributes: { first_name: 'Changed' } });
    const { outcomes } = await document('sync', 'demo', 'people');
    expect(outcomes).toMatchObject([{ result: { outcome: 'succeeded', counts: { inserted: 0, updated: 1 } } }]);
    expect(await person('10000003')).toEqual({ name: 'Changed', live: true });
  });

  test('a delete is found by reconciliation: dry first, then for real, everything else untouched', async () => {
    // what was received within the read lag is no candidate yet
    await database.query(`update planning_center_people
      set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`);
    simulator.control.delete('people', '10000004');
    const { result: dry } = await document('reconcile', 'demo', 'people', '--dry-run');
    expect(dry).toMatchObject({ outcome: 'succeeded', dryRun: true, scanned: people - 1, gone: 1, deleted: 0 });
    expect((await person('10000004'))?.live).toBe(true);
    const { result: done } = await document('reconcile', 'demo', 'people');
    expect(done).toMatchObject({ outcome: 'succeeded', dryRun: false, gone: 1, deleted: 1 });
    expect((await person('10000004'))?.live).toBe(false);
    expect(await live('planning_center_people')).toBe(people - 1);
  });

  test('webhooks create, update and delete a row; one with a wrong signature does nothing', async () => {
    const { control } = simulator;
    control.create('people', { id: '777', attributes: { first_name: 'Created' }, webhook: true });
    await until(async () => (await person('777'))?.name === 'Created', 'the created row', worker);
    control.change('people', '777', { attributes: { first_name: 'Updated' }, webhook: true });
    await until(async () => (await person('777'))?.name === 'Updated', 'the updated row', worker);
    control.bulk([{ do: 'delete', entity: 'people', id: '777', webhook: true }]);
    await until(async () => (await person('777'))?.live === false, 'the deleted row', worker);
    expect(control.deliveries().map(({ status }) => status)).toEqual([200, 200, 200]);

    control.configureWebhooks({ secret: 'signed with another', retrySeconds: [] });
    const refused = await control.sendWebhook('people', '10000005', 'updated');
    expect(refused).toMatchObject({ status: 401 });
    expect(await database.query('select 1 from tidemark.inbox where external_id = $1', ['10000005'])).toEqual([]);
  });

  test('one record by hand, and the row as it is', async () => {
    simulator.control.change('people', '10000006', { attributes: { first_name: 'By hand' } });
    const fetched = await document('record', 'demo', 'people', '10000006');
    expect(fetched).toMatchObject({ state: 'done', result: { outcome: 'updated' } });
    expect(await person('10000006')).toEqual({ name: 'By hand', live: true });
    expect((await document('record', 'show', 'demo', 'people', '10000006')).row).toMatchObject({
      external_id: '10000006',
    });
  });

  test('status and runs show what happened', async () => {
    const { connections } = await document('status', 'demo', 'people');
    expect(connections).toMatchObject([
      {
        id: 'demo',
        entities: [
          {
            entity: 'people',
            rows: { live: people - 1, deleted: 2 },
            inbox: { open: 0 },
            delta: { lastRun: { state: 'succeeded', trigger: 'cli' } },
            reconciliation: { lastRun: { state: 'succeeded' } },
          },
        ],
      },
    ]);
    const { runs } = await document('runs', 'demo', 'people');
    expect(runs.map(({ strategy }: { strategy: string }) => strategy)).toEqual([
      ...['reconciliation', 'reconciliation', 'delta', 'delta'],
    ]);
  });

  test('a second sync while one runs ends with 3, and the first goes on', async () => {
    simulator.control.latencyMs = 5_000;
    const started = await document('sync', 'demo', 'people', '--full', '--no-wait');
    expect(started).toMatchObject({ started: [{ entity: 'people' }], alreadyRunning: [] });
    const second = await run('sync', 'demo', 'people');
    expect(second.stderr).toContain('is already running');
    expect(second.status).toBe(3);
    const overHttp = await request('/api/sync', { connection: 'demo', entity: 'people' });
    expect(overHttp.status).toBe(409);
    simulator.control.latencyMs = 0;
    await until(
      async () => (await document('runs', 'demo', 'people', '--limit', '1')).runs[0].status === 'succeeded',
      'the first',
      worker,
    );
  });

  test('a wrong secret fails the run, by name and with the fix; the right one ends that', async () => {
    const wrong = { TIDEMARK_SECRET_SECRET: 'not this one' };
    const changed = await runCli(['connect', 'planning_center', 'demo', '--update'], {
      cwd,
      env: { ...env, ...wrong },
    });
    // it is saved, and its last request shows that the source refuses it
    expect([changed.status, changed.stdout]).toEqual([1, expect.stringMatching(/people +CredentialsRefused/)]);
    expect(changed.stdout).not.toContain('not this one');
    const failed = await run('sync', 'demo', 'people');
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(/demo\/people failed \(CredentialsRefused\):[\s\S]*tidemark connect/);
    expect(failed.stdout).not.toContain('not this one');
    expect((await run('status', 'demo')).stdout).toMatch(/the last delta failed \(CredentialsRefused\)/);
    const right = { TIDEMARK_SECRET_SECRET: secrets.secret };
    await runCli(['connect', 'planning_center', 'demo', '--update'], { cwd, env: { ...env, ...right } });
    expect((await run('sync', 'demo', 'people')).status).toBe(0);
  });

  test('the API does the same, behind its key', async () => {
    expect((await request('/api/status', undefined, '')).status).toBe(401);
    expect((await request('/api/status', undefined, 'guessed')).status).toBe(401);
    const status = await request('/api/status');
    expect(await status.json()).toMatchObject({ connections: [{ id: 'demo' }] });
    const unknown = await request('/api/sync', { connection: 'nobody', entity: 'people' });
    expect([unknown.status, ((await unknown.json()) as { detail: string }).detail]).toEqual([
      404,
      expect.stringContaining('There is no connection'),
    ]);
    simulator.control.change('people', '10000007', { attributes: { first_name: 'Over HTTP' } });
    expect((await request('/api/sync', { connection: 'demo', entity: 'people' })).status).toBe(202);
    await until(async () => (await person('10000007'))?.name === 'Over HTTP', 'the row', worker);
  });

  test('worker and server end cleanly on SIGTERM, with no secret in what they logged', async () => {
    for (const { child, finished } of [worker, server]) {
      child.kill('SIGTERM');
      const { status, stderr } = await finished;
      expect(status).toBe(0);
      for (const secret of [secrets.secret, 'not this one', secrets.webhookSecret, apiKey])
        expect(stderr).not.toContain(secret);
    }
    const [sessions] = await database.query<{ count: string }>(
      `select count(*) from pg_stat_activity where datname = current_database() and application_name like 'tidemark%'`,
    );
    expect(Number(sessions?.count)).toBe(0);
  });
});

/** Waits for something to become so; when it does not, the error holds what the process said last. */
async function until<T>(look: () => T | Promise<T>, what: string, { output }: StartedCli): Promise<NonNullable<T>> {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}: ${output.stderr.slice(-2_000)}`);
    await sleep(50);
  }
}
