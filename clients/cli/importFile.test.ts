import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineFileEntity } from '../../schema/definition/entity';
import { readSettings } from '../../schema/settings/settings';
import { taskQueue } from '../../schema/workflows';
import { atEnd } from '../../test/environment';
import { temporaryFolder } from '../../test/support/cli/cli';
import { startCliHost } from '../../test/support/cli/cliHost';
import { type Engine, encryptionKey, startEngine } from '../../test/support/engine';
import { startServer } from '../server';

/** Files that are imported by the built command line, and over HTTP. */

jest.setTimeout(180_000);

const root = join(__dirname, '..', '..');
const key = 'the-key-of-the-api';

const walkIns = defineFileEntity({
  name: 'walk_ins',
  row: z.object({ phone: z.string(), visits: z.int().nullable() }),
  import: { columns: { phone: 'Phone', visits: 'Visits' }, key: 'phone' },
});
const connector = defineConnector({
  name: 'acme',
  settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({}),
  auth: { scheme: 'none' },
  entities: [walkIns],
});

/** The same for the command line, which reads it from its folder. */
const configText = `
const { defineConfig, defineConnector, defineFileEntity } = require(${JSON.stringify(join(root, 'dist/schema/index.js'))});
const { z } = require(${JSON.stringify(join(root, 'node_modules/zod'))});
const walkIns = defineFileEntity({ name: 'walk_ins', row: z.object({ phone: z.string(), visits: z.int().nullable() }),
  import: { columns: { phone: 'Phone', visits: 'Visits' }, key: 'phone' } });
module.exports = defineConfig({ connectors: [defineConnector({ name: 'acme', settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({}), auth: { scheme: 'none' }, entities: [walkIns] })] });
`;

let engine: Engine;
let url: string;
let folder: string;
let cli: (...args: string[]) => Promise<{ status: number | null; stdout: string; stderr: string }>;

beforeAll(async () => {
  engine = await startEngine({ connector, settings: { baseUrl: 'http://127.0.0.1:9' } });
  await engine.startWorker({ taskQueue });
  const { db, temporal, database } = engine;
  const settings = readSettings({
    TIDEMARK_API_KEY: key,
    OAUTH_ENCRYPTION_KEY: encryptionKey,
    PORT: '0',
    LOG_LEVEL: 'silent',
  });
  const server = await startServer({ settings, config: { connectors: [connector] }, db, temporal, taskQueue });
  atEnd(() => server.close());
  ({ url } = server);
  folder = temporaryFolder();
  writeFileSync(join(folder, 'tidemark.config.cjs'), configText);
  const run = startCliHost();
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: '/dev/null',
    OAUTH_ENCRYPTION_KEY: encryptionKey,
  };
  cli = (...args) => run(args, { cwd: folder, env });
});

beforeEach(async () => {
  await engine.db.raw(
    `do $$ begin if to_regclass('acme_walk_ins') is not null then delete from acme_walk_ins; end if; end $$`,
  );
});

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return name;
}

const phones = async () => (await engine.db('acme_walk_ins').orderBy('external_id')).map(({ phone }) => phone);

const lines = Array.from({ length: 12 }, (_, at) => `00${at + 10},${at}\n`).join('');

test('a file is imported, its bad lines are written to a file, and it is taken back', async () => {
  const name = file('june.csv', `Phone;Visits\n${lines.replaceAll(',', ';')}=1+1;x\n`);
  const done = await cli('import', 'demo', 'walk_ins', name, '--errors', 'errors.csv');
  expect([done.status, done.stderr]).toEqual([
    0,
    expect.stringContaining('1 line that could not be imported: errors.csv'),
  ]);
  expect(done.stdout).toMatch(
    /^demo\/walk_ins: 14 lines; 12 rows inserted, 0 changed, 0 unchanged; run \d+\n {2}1 line could not be imported/,
  );
  expect(await phones()).toHaveLength(12);
  expect(readFileSync(join(folder, 'errors.csv'), 'utf8')).toBe(
    `"line","reason","content"\n"14","visits is not a bigint","'=1+1;x"\n`,
  );
  const run = /run (\d+)/.exec(done.stdout)?.[1] ?? '';
  const undone = await cli('undo', run, '--reason', 'the wrong file');
  expect(undone.stdout).toContain('12 rows deleted that it had inserted');
  expect(await phones()).toEqual([]);
});

test('a dry run writes nothing, and says so', async () => {
  const done = await cli('import', 'demo', 'walk_ins', file('june.csv', `Phone,Visits\n${lines}`), '--dry-run');
  expect([done.status, done.stdout]).toEqual([0, expect.stringContaining('12 rows would be inserted')]);
  expect(done.stdout).toContain('Nothing was written');
  expect(await phones()).toEqual([]);
});

test.each<[string, () => string, number, string]>([
  ['a file that is not there', () => 'nowhere.csv', 2, 'There is no file nowhere.csv'],
  ['a folder', () => '.', 2, '. is no file'],
  ['an empty file', () => file('empty.csv', ''), 2, 'empty.csv is empty'],
  ['a picture', () => file('x.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a])), 1, 'it is a picture (PNG)'],
  ['headers alone', () => file('head.csv', 'Phone,Visits\n'), 1, 'it has no lines below its headers'],
  ['another delimiter', () => file('odd.csv', 'Phone~Visits\n1~2\n'), 1, 'has any of the headers'],
])('%s: one sentence says what is wrong, and nothing is imported', async (_, path, status, why) => {
  const done = await cli('import', 'demo', 'walk_ins', path());
  expect(done.stdout + done.stderr).toContain(why);
  expect(done.status).toBe(status);
  expect(await phones()).toEqual([]);
});

test('a column that is not there, and an instant in the future, are refused before anything is sent', async () => {
  const name = file('june.csv', 'Phone\n1\n');
  expect((await cli('import', 'demo', 'walk_ins', name, '--set', 'shop=A')).stderr).toContain("no column 'shop'");
  expect((await cli('import', 'demo', 'walk_ins', name, '--set', 'shop')).stderr).toContain('--set store=Calicut');
  expect((await cli('import', 'demo', 'walk_ins', name, '--as-of', '2999-01-01T00:00:00Z')).stderr).toContain(
    'in the future',
  );
  expect(await engine.db('tidemark.imports').whereNull('run_id')).toEqual([]);
});

describe('over HTTP', () => {
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method: 'POST', body, headers: { authorization: `Bearer ${key}`, ...headers } });
  const place = '/api/imports?connection=demo&entity=walk_ins';

  test('a file is uploaded as the body of a request, and imported', async () => {
    const stored = await post(place, `Phone,Visits\n${lines}`, { 'content-type': 'text/csv' });
    expect(stored.status).toBe(201);
    const { upload, bytes } = (await stored.json()) as { upload: string; bytes: number };
    expect(bytes).toBe(13 + lines.length);
    const body = JSON.stringify({ connection: 'demo', entity: 'walk_ins', upload });
    const begun = await post('/api/import', body, { 'content-type': 'application/json' });
    expect(begun.status).toBe(202);
    const { workflowId, workflowRunId } = (await begun.json()) as Record<string, string>;
    const query = new URLSearchParams({ workflowId: workflowId ?? '', workflowRunId: workflowRunId ?? '', wait: '45' });
    const ended = await fetch(`${url}/api/outcome?${query}`, { headers: { authorization: `Bearer ${key}` } });
    expect(await ended.json()).toMatchObject({ state: 'done', result: { counts: { inserted: 12 }, lines: 13 } });
    expect(await phones()).toHaveLength(12);
  });

  test('without the key, for an unknown entity, and with another hash, nothing is stored', async () => {
    const before = await engine.db('tidemark.imports').count();
    expect((await fetch(`${url}${place}`, { method: 'POST', body: 'Phone\n1\n' })).status).toBe(401);
    expect((await post('/api/imports?connection=demo&entity=nobody', 'Phone\n1\n')).status).toBe(404);
    expect((await post('/api/imports?connection=demo', 'Phone\n1\n')).status).toBe(400);
    expect((await post(`${place}&name=a%00b`, 'Phone\n1\n')).status).toBe(400);
    expect((await post(`${place}&sha256=${'0'.repeat(64)}`, 'Phone\n1\n')).status).toBe(409);
    expect(await engine.db('tidemark.imports').count()).toEqual(before);
  });
});
