import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase, testTemporal } from '../../test/environment';
import { runCli, temporaryFolder } from '../../test/support/cli/cli';
import { startCliHost } from '../../test/support/cli/cliHost';

const commands = [
  'init',
  'up',
  'demo',
  'connect',
  'connections',
  'status',
  'sync',
  'reconcile',
  'record',
  'runs',
  'migrate',
  'worker',
  'server',
];

/** For what commands print; those that read stdin, and some of each kind, are processes of their own. */
const hosted = startCliHost();

describe('without anything running', () => {
  const cwd = temporaryFolder();

  test('--help lists every command', async () => {
    const { status, stdout } = await runCli(['--help'], { cwd });
    expect(status).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  test.each(commands)('%s --help shows an example and --json', async (command) => {
    const { status, stdout } = await hosted([command, '--help'], { cwd });
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}\$ tidemark /);
    expect(stdout).not.toMatch(/tidemark [A-Z]+=/);
    expect(stdout).toContain('--json');
  });

  test('--version tells that of the package', async () => {
    expect(await runCli(['--version'], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test.each([
    [['snyc'], /unknown command 'snyc'\n\(Did you mean sync\?\)/],
    [['sync'], /missing required argument 'connection'/],
    [['sync', 'a', 'b', 'c'], /too many arguments/],
    [['sync', 'demo', '--nope'], /unknown option '--nope'/],
    [['runs', '--limit', '0'], /It must be a whole number from 1 to 1000/],
    [['connect', 'a', 'b', '--set', 'baseUrl'], /Write it as key=value/],
    [['connect', 'a', 'b', '--business-hours', '6-20'], /Write them as '06:00-20:00'/],
    [['connect', 'a', 'b', '--delta', 'often'], /Write a number and a unit/],
    [['connect', 'a', 'b', '--reconcile', 'nightly'], /Write a time of day/],
    [['connections', 'link', 'demo', '--server', 'tidemark.example.com'], /server: must be scheme, host and port/],
    [['status'], /No database: .*'tidemark up'.*DATABASE_URL/],
  ])('%j is bad usage', async (args, message) => {
    const { status, stdout, stderr } = await hosted(args, { cwd });
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(stdout).toBe('');
  });

  test.each([
    [{ DATABASE_URL: 'mysql://x' }, 2, /DATABASE_URL is not the address of a PostgreSQL database/],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, 1, /PostgreSQL cannot be reached/],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/x', LOG_LEVEL: 'loud' }, 2, /LOG_LEVEL is none of/],
  ])('%j', async (env, expected, message) => {
    const { status, stderr } = await hosted(['status'], { cwd, env });
    expect(stderr).toMatch(message);
    expect(status).toBe(expected);
  });

  test('no failure of a user shows a stack trace, unless it is asked for', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/x' };
    expect((await hosted(['status'], { cwd, env })).stderr).not.toMatch(/^\s+at /m);
    expect((await hosted(['status'], { cwd, env: { ...env, LOG_LEVEL: 'debug' } })).stderr).toMatch(/^\s+at /m);
  });

  test('with --json an error is a document too', async () => {
    const { stdout, status } = await runCli(['status', '--json'], { cwd });
    expect(JSON.parse(stdout)).toEqual({ error: { type: 'Usage', message: expect.stringContaining('No database') } });
    expect(status).toBe(2);
    const usage = await hosted(['sync', '--json'], { cwd });
    expect(JSON.parse(usage.stdout)).toMatchObject({ error: { type: 'Usage' } });
  });

  test('worker and server say what they lack', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/x' };
    for (const command of ['worker', 'server']) {
      const { status, stderr } = await hosted([command], { cwd, env });
      expect(stderr).toMatch(/OAUTH_ENCRYPTION_KEY is not set/);
      expect(status).toBe(2);
    }
  });
});

describe('with a database and Temporal', () => {
  const cwd = temporaryFolder();
  let env: NodeJS.ProcessEnv;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let temporal: Awaited<ReturnType<typeof testTemporal>>;
  const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}, stdin = '') => {
    const options = { cwd, env: { ...env, ...more } };
    return stdin === '' ? hosted(args, options) : runCli(args, { ...options, stdin });
  };
  const connect = ['connect', 'planning_center'];

  beforeAll(async () => {
    database = await testDatabase();
    temporal = await testTemporal();
    env = {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TEMPORAL_CONFIG_FILE: '/dev/null',
      OAUTH_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    };
  });

  test('migrate says that nothing was to be done', async () => {
    expect(JSON.parse((await run(['migrate', '--json'])).stdout)).toMatchObject({
      applied: [],
      searchAttributes: { registered: true },
    });
  });

  test('connections: none yet, and what to do', async () => {
    expect(await run(['connections'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('tidemark connect'),
    });
  });

  test('connect keeps settings and schedules plain and secrets sealed, and makes the schedules', async () => {
    const args = [...connect, 'grace', '--set', 'baseUrl=http://127.0.0.1:9', '--secrets-stdin', '--delta', '5m'];
    const times = ['--time-zone', 'America/Denver', '--business-hours', '06:00-20:00', '--reconcile', '02:30'];
    const made = await run([...args, ...times, '--json'], {}, 'appId=the-app\nsecret=hunter2\n');
    expect(made.stderr).toBe('');
    expect(made.status).toBe(0);
    expect(made.stdout).not.toContain('hunter2');
    expect(JSON.parse(made.stdout)).toMatchObject({
      created: true,
      connection: {
        id: 'grace',
        settings: { baseUrl: 'http://127.0.0.1:9' },
        timeZone: 'America/Denver',
        businessHours: { from: '06:00', to: '20:00' },
        schedules: { people: { delta: { every: '5m' }, reconciliation: { at: '02:30' } } },
      },
      secrets: ['appId', 'secret'],
      agreed: { created: 5 },
    });
    const [secret] = await database.query<{ sealed: Buffer }>('select sealed from tidemark.secrets');
    expect(secret?.sealed.toString('latin1')).not.toContain('hunter2');
    const description = await temporal.client.schedule.getHandle('tidemark/schedule/delta/grace/people').describe();
    expect(description.spec.timezone).toBe('America/Denver');
  });

  test('connect does not change a connection unasked, and with --update only what is given', async () => {
    const refused = await run([...connect, 'grace', '--delta', '1h']);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('add --update to change it') });
    const before = await database.query('select sealed from tidemark.secrets');
    const updated = await run([...connect, 'grace', '--update', '--delta', '1h', '--json']);
    expect(JSON.parse(updated.stdout)).toMatchObject({
      created: false,
      connection: {
        timeZone: 'America/Denver',
        schedules: { people: { delta: { every: '1h' }, reconciliation: { at: '02:30' } } },
      },
      secrets: ['appId', 'secret'],
      agreed: { updated: 2 },
    });
    const withSecret = await run([...connect, 'grace', '--update', '--json'], { TIDEMARK_SECRET_WEBHOOK_SECRET: 'w' });
    expect(JSON.parse(withSecret.stdout).secrets).toEqual(['appId', 'secret', 'webhookSecret']);
    expect(await database.query('select sealed from tidemark.secrets')).not.toEqual(before);
  });

  test('connect ends by asking a worker what the credentials may read; where none runs, it says so and the connection is saved', async () => {
    const asked = await run([...connect, 'grace', '--update', '--delta', '2h']);
    expect(asked.stdout).toContain('no worker is running, so nothing was asked');
    expect(asked.stdout).toContain('tidemark connections check grace');
    expect(asked.status).toBe(0);
    const unasked = await run([...connect, 'grace', '--update', '--delta', '1h', '--no-check']);
    expect(unasked.stdout).not.toContain('no worker');
    expect(unasked.stdout).toContain('tidemark connections check grace');
    expect(await run(['connections', 'check', 'grace'])).toMatchObject({ status: 1 });
  });

  test('connect with another key asks for all secrets again and says why', async () => {
    const other = { OAUTH_ENCRYPTION_KEY: randomBytes(32).toString('hex') };
    const refused = await run([...connect, 'grace', '--update'], other);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/are encrypted under key[\s\S]*secrets\.appId: missing/);
  });

  test.each([
    [[...connect, 'new', '--set', 'baseURL=x'], '', /Did you mean 'baseUrl'\?/],
    [
      [...connect, 'new', '--set', 'baseUrl=x'],
      '',
      /settings\.baseUrl: Invalid URL[\s\S]*secrets\.appId: missing \(or set TIDEMARK_SECRET_APP_ID\)/,
    ],
    [[...connect, 'new'], '', /secrets\.appId: missing \(or set TIDEMARK_SECRET_APP_ID\)/],
    [
      [...connect, 'New', '--secrets-stdin'],
      '{"appId":"a","secret":"b"}',
      /connection: must contain only lower-case letters/,
    ],
    [
      [...connect, 'new', '--secrets-stdin', '--time-zone', 'Mars'],
      '{"appId":"a","secret":"b"}',
      /timeZone: not a time zone/,
    ],
    [['connect', 'planing_center', 'new'], '', /Did you mean 'planning_center'\?/],
    [['sync', 'grac'], '', /There is no connection "grac"\. Did you mean 'grace'\?/],
    [['sync', 'grace', 'peple'], '', /has no entity "peple"\. Did you mean 'people'\?/],
    [['reconcile', 'grace', 'nothing'], '', /It has: people, donations/],
    [['record', 'grace', 'peple', '1'], '', /Did you mean 'people'\?/],
    [['record', 'show', 'grace', 'people', '1'], '', /has no row "1"/],
    [['status', 'nobody'], '', /There is no connection "nobody"/],
    [['runs', 'nobody'], '', /There is no connection "nobody"/],
  ])('%j is refused and leaves nothing behind', async (args, stdin, message) => {
    const { status, stderr } = await run(args, {}, stdin);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(await database.query('select id from tidemark.connections')).toEqual([{ id: 'grace' }]);
  });

  test('status and runs, in a pipe without colours, and with --json', async () => {
    const status = await run(['status']);
    expect(status.stdout).toMatch(/grace\/people +0 +0 +never synced/);
    expect(status.stdout).not.toContain('\u001b[');
    expect((await run(['status'], { FORCE_COLOR: '1' })).stdout).toContain('\u001b[');
    expect((await run(['status'], { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain('\u001b[');
    const document = JSON.parse((await run(['status', '--next', '--json'])).stdout);
    expect(document).toMatchObject({ temporal: { reachable: true }, connections: [{ id: 'grace', enabled: true }] });
    expect(document.connections[0].entities.map(({ entity }: { entity: string }) => entity)).toEqual([
      'people',
      'donations',
    ]);
    expect(await run(['runs'])).toMatchObject({ status: 0, stdout: expect.stringContaining('No runs yet') });
    expect(JSON.parse((await run(['runs', '--json'])).stdout)).toEqual({ runs: [] });
  });

  test('commands below another have options of their own, and the same ends', async () => {
    const shown = await run(['connections', 'show', 'grace', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: 'grace', secrets: ['appId', 'secret', 'webhookSecret'] });
    expect(shown.stdout).not.toContain('hunter2');
    expect((await run(['connections', '--json'])).stdout).toContain('"connections"');
    const unasked = await run(['connections', 'remove', 'grace']);
    expect(unasked).toMatchObject({ status: 2, stderr: expect.stringContaining('--rows <keep|delete>') });
    const rotated = await run(
      ['connections', 'rotate-secret', 'grace', 'webhookSecret', '--stdin', '--json'],
      {},
      'v2\n',
    );
    expect(JSON.parse(rotated.stdout)).toEqual({ connectionId: 'grace', secret: 'webhookSecret', formerKept: true });
  });

  test('Temporal away: commands that need it say so, connect saves all the same', async () => {
    const away = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    // each looks for Temporal for seconds before it says so: two side by side
    const [sync, said] = await Promise.all([
      run(['sync', 'grace', 'people'], away),
      runCli([...connect, 'grace', '--update', '--delta', '2h'], { cwd, env: { ...env, ...away } }),
    ]);
    expect(sync.stderr).toMatch(/Temporal at 127\.0\.0\.1:1 cannot be reached/);
    expect(sync.status).toBe(1);
    const connected = await run([...connect, 'grace', '--update', '--delta', '2h', '--json'], away);
    expect(connected.status).toBe(0);
    expect(JSON.parse(connected.stdout)).toMatchObject({
      agreed: null,
      delayedBecause: expect.stringContaining('cannot be reached'),
      connection: { schedules: { people: { delta: { every: '2h' } } } },
    });
    expect(said.stdout).toContain('its schedules begin when');
  });

  test('a config of the folder: connect reports all mistakes at once, and connections of a connector that it does not register say so', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'tidemark.config.cjs'),
      `const { defineConfig, defineConnector, defineEntity } = require('tidemark'); const { z } = require('zod');
      module.exports = defineConfig({ connectors: [defineConnector({ name: 'shop', settings: z.object({ baseUrl: z.url() }), secrets: z.object({ token: z.string() }), auth: { scheme: 'bearer', token: 'token' },
        entities: [defineEntity({ name: 'things', row: z.object({ t: z.string() }), key: 'id', deltaSyncField: { name: 'u', kind: 'instant' },
          listings: { all: { path: '/', paging: { scheme: 'none' } } }, supportsWebhooks: false, map: () => ({ t: '' }) })] })] });`,
    );
    const both = await runCli(['connect', 'shop', 'new', '--set', 'baseURL=http://127.0.0.1:9'], { cwd: folder, env });
    expect(both.status).toBe(2);
    for (const mistake of [
      'settings: the connector has no "baseURL". Did you mean \'baseUrl\'?',
      'settings.baseUrl: missing (--set baseUrl=<baseUrl>)',
      'secrets.token: missing (or set TIDEMARK_SECRET_TOKEN)',
    ]) {
      expect(both.stderr).toContain(mistake);
    }
    const sync = await hosted(['sync', 'grace'], { cwd: folder, env });
    expect(sync).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("of connector 'planning_center', which tidemark.config.ts does not register"),
    });
    expect((await hosted(['status'], { cwd: folder, env })).stdout).toContain(
      'connector planning_center is not registered',
    );
  });
});
