import type { Simulator } from '../../connectors/planning-center/simulator';
import { taskQueue } from '../../schema/workflows';
import { temporaryFolder } from '../support/cli/cli';
import { startCliHost } from '../support/cli/cliHost';
import { type Engine, encryptionKey, startChurch } from '../support/engine';

/** `connect` ends with the first page of each list, which the operator sees. */

jest.setTimeout(120_000);
const cwd = temporaryFolder();
const hosted = startCliHost();
let engine: Engine;
let control: Simulator['control'];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 120, donations: 3 }));
  await engine.startWorker({ taskQueue });
});

const connect = (...more: readonly string[]) => {
  const { database, temporal } = engine;
  const env = {
    ...{ DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace },
    ...{ TEMPORAL_CONFIG_FILE: '/dev/null', OAUTH_ENCRYPTION_KEY: encryptionKey },
  };
  return hosted(['connect', 'planning_center', 'demo', '--update', '--delta', '1h', ...more], { cwd, env });
};

test('what the credentials may read is shown for each entity', async () => {
  const { stdout, status } = await connect();
  expect(status).toBe(0);
  expect(stdout).toMatch(/people +100 records on the first page; the list goes on\n/);
  expect(stdout).toMatch(/donations +3 records in the whole list\n/);
  expect(stdout).toMatch(/Next: tidemark sync demo\n$/);
});

test('credentials that the source refuses: the connection is saved, and the exit status says so', async () => {
  control.addFault({ match: '/donations', fault: { kind: 'status', status: 401 } });
  const { stdout, status } = await connect('--delta', '3h');
  control.clearFaults();
  expect(status).toBe(1);
  expect(stdout).toMatch(/people +100 records/);
  expect(stdout).toMatch(/donations +CredentialsRefused: .*answered 401/);
  expect(stdout).toContain('Next: tidemark connect planning_center demo --update');
  const { schedules } = await engine.db('tidemark.connections').where({ id: 'demo' }).first();
  expect(schedules.people).toEqual({ delta: { every: '3h' } });
});
