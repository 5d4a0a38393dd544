import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { testDatabase, testSettings } from '../test/environment';
import { isAlive } from './processes';
import { readStack, stackEnvironment, startStack } from './stack';

// Real servers start and stop several times in one test, on a machine that is busy with the other suites.
jest.setTimeout(90_000);

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-stack-'));
  chmodSync(folder, 0o711);
  env = { PATH: dirname(testSettings().temporalBinary), HOME: folder };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string) => join(folder, '.tidemark', name);

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client.query(sql).then(
    async ({ rows }) => {
      await client.end();
      return rows;
    },
    async (error: unknown) => {
      await client.end();
      throw error;
    },
  );
}

describe('the stack of a folder', () => {
  test('starts, tells others of itself, refuses a second one, stops, and goes on with what it had', async () => {
    const stack = await startStack({ folder, env });
    await query(stack.databaseUrl, 'CREATE TABLE kept (id int)');
    stack.announce({ api: 'http://127.0.0.1:4321' });
    const child = stack.run('worker', ['-e', 'console.log(process.env.DATABASE_URL); setInterval(() => {}, 1000)']);
    while (!readFileSync(child.logFile, 'utf8').includes(stack.databaseUrl)) await sleep(20);

    await expect(startStack({ folder, env })).rejects.toMatchObject({
      type: 'AlreadyRunning',
      message: expect.stringMatching(new RegExp(`process ${process.pid}, http://127.0.0.1:4321`)),
    });
    const running = readStack(folder);
    expect(running).toMatchObject({ running: true, addresses: { api: 'http://127.0.0.1:4321' } });
    expect(running?.children.map(({ name }) => name)).toEqual(['postgres', 'temporal', 'worker']);
    for (const secret of ['stack.json', 'encryption-key', 'api-key']) {
      expect(statSync(file(secret)).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(file('.gitignore'), 'utf8')).toBe('*\n');
    expect(stackEnvironment(folder, { LOG_LEVEL: 'warn' })).toMatchObject({
      LOG_LEVEL: 'warn',
      DATABASE_URL: stack.databaseUrl,
      TEMPORAL_ADDRESS: stack.temporalAddress,
      OAUTH_ENCRYPTION_KEY: stack.encryptionKey,
      TIDEMARK_API_KEY: stack.apiKey,
    });

    await stack.stop();
    expect(running?.children.some(isAlive)).toBe(false);
    expect(readStack(folder)).toMatchObject({ running: false, children: [] });

    const again = await startStack({ folder, env });
    try {
      expect(again).toMatchObject({
        databaseUrl: stack.databaseUrl,
        temporalAddress: stack.temporalAddress,
        encryptionKey: stack.encryptionKey,
      });
      expect(await query(again.databaseUrl, 'SELECT * FROM kept')).toEqual([]);
      // until they are announced anew: `up` takes the same ports again
      expect(readStack(folder)?.addresses).toEqual({ api: 'http://127.0.0.1:4321' });
    } finally {
      await again.stop();
    }
  });

  test('leaves nothing running when its process is killed, and can be started again', async () => {
    const program = `
      const { startStack } = require('jiti').createJiti(process.argv[1])('./stack.ts');
      const [, , folder, PATH] = process.argv;
      startStack({ folder, env: { PATH, HOME: folder } }).then((stack) => {
        stack.run('worker', ['-e', 'setInterval(() => {}, 1000)']);
        console.log('ready');
      });
    `;
    const parent = spawn(process.execPath, ['-e', program, __filename, folder, env.PATH ?? ''], { cwd: __dirname });
    await once(parent.stdout, 'data');
    const killed = readStack(folder);
    expect(killed?.children.map(({ name }) => name)).toEqual(['postgres', 'temporal', 'worker']);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(readStack(folder)?.running).toBe(false);
    const stack = await startStack({ folder, env });
    expect(killed?.children.some(isAlive)).toBe(false);
    expect(stack.databaseUrl).toBe(killed?.databaseUrl);
    await stack.stop();
  });

  /** Files of `.tidemark` that other users of the machine can read. PostgreSQL looks after its own folder. */
  const readableByOthers = () =>
    readdirSync(file(''), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('/postgres'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => !path.endsWith('.gitignore') && (statSync(path).mode & 0o077) !== 0);

  test('that is removed while it runs leaves no process behind when it stops', async () => {
    const stack = await startStack({ folder, env });
    stack.run('worker', ['-e', 'setInterval(() => {}, 1000)']);
    const children = readStack(folder)?.children ?? [];
    expect(children.map(({ name }) => name)).toEqual(['postgres', 'temporal', 'worker']);
    expect(readableByOthers()).toEqual([]);
    rmSync(file(''), { recursive: true });
    await stack.stop();
    expect(children.filter(isAlive)).toEqual([]);
    expect(existsSync(file(''))).toBe(false);
  });

  test('with servers of the user’s own starts none, and writes none of their secrets down', async () => {
    const { url } = await testDatabase();
    const own = { ...env, DATABASE_URL: url, TEMPORAL_ADDRESS: testSettings().temporalAddress };
    await expect(startStack({ folder, env: own })).rejects.toThrow(/OAUTH_ENCRYPTION_KEY must be too.*openssl rand/);
    const wrong = startStack({ folder, env: { ...own, OAUTH_ENCRYPTION_KEY: 'secret' } });
    await expect(wrong).rejects.toThrow(/OAUTH_ENCRYPTION_KEY is not a key: .*64 characters/);

    const stack = await startStack({ folder, env: { ...own, OAUTH_ENCRYPTION_KEY: 'ab'.repeat(32) } });
    expect(stack).toMatchObject({ databaseUrl: url, temporalUiUrl: undefined, encryptionKey: 'ab'.repeat(32) });
    expect(readStack(folder)?.children).toEqual([]);
    expect(readFileSync(file('stack.json'), 'utf8')).not.toContain('postgres://');
    expect(existsSync(file('encryption-key'))).toBe(false);
    await stack.stop();
  });
});
