import { testDatabase, testTemporal } from '../../test/environment';
import { runCli, temporaryFolder } from '../../test/support/cli/cli';
import { startCliHost } from '../../test/support/cli/cliHost';

/** The commands that look, and those that start runs of their own: what people type wrong, and what they are shown. */
const cwd = temporaryFolder();
const hosted = startCliHost();
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const database = await testDatabase();
  const temporal = await testTemporal();
  env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: '/dev/null',
    OAUTH_ENCRYPTION_KEY: 'cd'.repeat(32),
  };
  const secrets = 'appId=a\nsecret=b\n';
  const args = ['connect', 'planning_center', 'grace', '--set', 'baseUrl=http://127.0.0.1:9', '--secrets-stdin'];
  expect((await runCli(args, { cwd, env, stdin: secrets })).status).toBe(0);
});

test.each([
  [['explain', 'grace', 'peple', '1'], /Did you mean 'people'\?/],
  [['probe', 'grce', 'people'], /Did you mean 'grace'\?/],
  [['verify', 'grace', 'people', '--sample', '5', '--all'], /Give either --sample or --all/],
  [['backfill', 'grace', 'people', '--since', 'yesterday'], /Write an instant with its zone/],
  [['backfill', 'grace', 'people', '--since', '2999-01-01T00:00:00Z'], /is in the future/],
  [['audit', 'grace', 'people', '--no-wait', '--report', 'audit.md'], /nothing to report yet/],
  [['audit', 'grace', 'people', '--report', 'no/such/audit.md'], /the folder .*no\/such is not there/],
  [['remap', 'grace', 'nothing'], /has no entity "nothing"/],
])('%j is bad usage', async (args, message) => {
  const { status, stderr } = await hosted(args, { cwd, env });
  expect(stderr).toMatch(message);
  expect(status).toBe(2);
});

test('explain without the source shows what is known, and does not call the table wrong', async () => {
  const { status, stdout } = await hosted(['explain', 'grace', 'people', '1', '--no-source', '--json'], { cwd, env });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    story: [],
    row: null,
    verdict: { right: null },
    source: { says: 'not-asked' },
  });
});

test('doctor: a line for everything, exit 1 while something is wrong', async () => {
  const { status, stdout } = await hosted(['doctor'], { cwd, env });
  expect(stdout).toMatch(/^ok {5}PostgreSQL /m);
  expect(stdout).toMatch(/^ok {5}secrets /m);
  expect(stdout).toMatch(/^wrong {2}workers .*start one with 'tidemark worker'$/m);
  expect(status).toBe(1);
  const unset = await hosted(['doctor', '--json'], { cwd });
  expect(unset.status).toBe(1);
  expect(JSON.parse(unset.stdout).checkups[0]).toMatchObject({
    name: 'settings',
    ok: false,
    found: expect.stringContaining('tidemark up'),
  });
});
