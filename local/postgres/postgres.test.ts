import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { birthOf } from '../processes';
import { startPostgres } from './postgres';

// Real servers start and stop several times in one test, on a machine that is busy with the other suites.
jest.setTimeout(90_000);

let folder: string;
let dataFolder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-postgres-'));
  chmodSync(folder, 0o711);
  dataFolder = join(folder, 'postgres');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = () => startPostgres({ dataFolder, port: 0 });

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  // A server that is killed breaks connections that are idle, too.
  client.on('error', () => client.end());
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function queryWhenBack(url: string, sql: string): Promise<Record<string, unknown>[]> {
  for (;;) {
    try {
      return await query(url, sql);
    } catch {
      await sleep(50);
    }
  }
}

describe('the embedded PostgreSQL', () => {
  test('listens on 127.0.0.1 only, wants its password, and commits durably', async () => {
    const postgres = await start();
    try {
      expect(statSync(join(dataFolder, 'password')).mode & 0o777).toBe(0o600);
      const settings = `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync', 'synchronous_commit', 'max_connections') ORDER BY name`;
      expect((await query(postgres.url, settings)).map(({ setting }) => setting)).toEqual([
        'on',
        '127.0.0.1',
        '200',
        'on',
      ]);
      const stranger = new URL(postgres.url);
      stranger.password = 'guessed';
      await expect(query(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
      await query(postgres.url, 'CREATE TABLE kept (id int)');
    } finally {
      await postgres.stop();
    }
  });

  test('comes back on the same port with its data after kill -9, and after a stop', async () => {
    const postgres = await start();
    try {
      await query(postgres.url, 'INSERT INTO kept VALUES (1)');
      const { pid, port } = postgres;
      process.kill(pid ?? 0, 'SIGKILL');
      expect(await queryWhenBack(postgres.url, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
      expect(postgres.pid).not.toBe(pid);
      expect(postgres.port).toBe(port);
    } finally {
      await postgres.stop();
    }
    const again = await start();
    expect(await query(again.url, 'SELECT id FROM kept').finally(() => again.stop())).toEqual([{ id: 1 }]);
  });

  test('takes over from one that a killed process left running', async () => {
    const program = `
      const { startPostgres } = require('jiti').createJiti(process.argv[1])('./postgres.ts');
      startPostgres({ dataFolder: process.argv[2], port: 0 }).then((postgres) => console.log(postgres.pid));
    `;
    const parent = spawn(process.execPath, ['-e', program, __filename, dataFolder], { cwd: __dirname });
    const orphan = Number((await once(parent.stdout, 'data'))[0]);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(birthOf(orphan)).toBeDefined();
    const postgres = await start();
    try {
      expect(birthOf(orphan)).toBeUndefined();
      expect(await query(postgres.url, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
    } finally {
      await postgres.stop();
    }
  });

  test('is not held up by a stale postmaster.pid whose pid belongs to another process of its user', async () => {
    const { uid, gid } = statSync(join(dataFolder, 'data'));
    const stranger = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid, cwd: '/' } : {});
    try {
      writeFileSync(join(dataFolder, 'data', 'postmaster.pid'), `${stranger.pid}\n${dataFolder}/data\n1\n5432\n\n\n`);
      const postgres = await start();
      expect(await query(postgres.url, 'SELECT id FROM kept').finally(() => postgres.stop())).toEqual([{ id: 1 }]);
      expect(birthOf(stranger.pid ?? 0)).toBeDefined();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('says what to do when its password is lost, and when it cannot start', async () => {
    renameSync(join(dataFolder, 'password'), join(dataFolder, 'lost'));
    await expect(start()).rejects.toThrow(/password is missing.*put it back, or remove/);
    renameSync(join(dataFolder, 'lost'), join(dataFolder, 'password'));
    const impossible = startPostgres({ dataFolder, port: 0, settings: { shared_buffers: 'plenty' } });
    await expect(impossible).rejects.toThrow(/postgres did not start.*invalid value for parameter "shared_buffers"/s);
  });
});
