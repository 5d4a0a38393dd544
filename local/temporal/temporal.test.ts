import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { testSettings } from '../../test/environment';
import { choosePort } from '../ports';
import { findTemporal, type RunningTemporal, startTemporal } from './temporal';
import { cachePlaces } from './temporalBinary';
import { downloadWithSdk } from './temporalDownload';

// Real servers start and stop several times in one test, on a machine that is busy with the other suites.
jest.setTimeout(90_000);

let folder: string;
let env: NodeJS.ProcessEnv;
let told: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-temporal-'));
  told = [];
  // Nobody listens there, so that no test depends on what can be reached from this machine.
  const nowhere = `http://127.0.0.1:${await choosePort()}`;
  env = { HOME: folder, PATH: join(folder, 'bin'), HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const onProgress = (sentence: string) => told.push(sentence);

function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const onPath = (name: string, script: string) => program(join(folder, 'bin', name), script);
const cached = (script: string) => program(cachePlaces(env).built, script);
const temporal = 'echo temporal version 1.5.1';

describe('a Temporal server is found', () => {
  test('at TEMPORAL_ADDRESS, before anything else', async () => {
    onPath('temporal', temporal);
    const { temporalAddress } = testSettings();
    expect(await findTemporal({ env: { ...env, TEMPORAL_ADDRESS: temporalAddress } })).toEqual({
      kind: 'running',
      address: temporalAddress,
    });
  });

  test('nowhere else when TEMPORAL_ADDRESS does not answer', async () => {
    onPath('temporal', temporal);
    const address = `127.0.0.1:${await choosePort()}`;
    const found = findTemporal({ env: { ...env, TEMPORAL_ADDRESS: address } });
    await expect(found).rejects.toThrow(`TEMPORAL_ADDRESS is ${address}, but nothing answers there`);
  });

  test('on the PATH before the cache', async () => {
    const path = onPath('temporal', temporal);
    cached(temporal);
    expect(await findTemporal({ env })).toEqual({ kind: 'binary', path, source: 'path' });
  });

  test('in the cache, when what the PATH has is another program of that name', async () => {
    onPath('temporal', 'echo a calendar');
    const path = cached(temporal);
    expect(await findTemporal({ env })).toEqual({ kind: 'binary', path, source: 'cache' });
  });

  test('in the cache folder that XDG_CACHE_HOME names', async () => {
    env = { ...env, XDG_CACHE_HOME: join(folder, 'elsewhere') };
    const path = cached(temporal);
    expect(path.startsWith(join(folder, 'elsewhere', 'tidemark', 'temporal', 'v1.5.1'))).toBe(true);
    expect(await findTemporal({ env })).toMatchObject({ path });
  });

  test('by a build with Go, once, when the copy in the cache is broken and the download cannot be reached', async () => {
    cached('exit 1');
    onPath(
      'go',
      `[ "$3" = github.com/temporalio/cli/cmd/temporal@v1.5.1 ] || exit 1
       i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo some/package >&2; done
       printf '#!/bin/sh\\n${temporal}\\n' > "$GOBIN/temporal"`,
    );
    const { built } = cachePlaces(env);
    expect(await findTemporal({ env, onProgress })).toEqual({ kind: 'binary', path: built, source: 'go' });
    expect(told).toEqual([
      expect.stringContaining('Fetching'),
      expect.stringContaining('could not be reached'),
      expect.stringContaining('Building the Temporal CLI v1.5.1'),
      expect.stringContaining('150 packages'),
      expect.stringContaining('300 packages'),
    ]);
    rmSync(join(folder, 'bin', 'go'));
    expect(await findTemporal({ env })).toEqual({ kind: 'binary', path: built, source: 'cache' });
  });

  test('or else the three ways to mend it are named', async () => {
    onPath('go', 'echo no such module >&2; exit 1');
    await expect(findTemporal({ env, onProgress })).rejects.toThrow(
      /building it with Go failed.*1\. set TEMPORAL_ADDRESS.*2\. install the Temporal CLI.*3\. install Go/s,
    );
    expect(told.at(-1)).toContain('no such module');
    expect(existsSync(cachePlaces(env).built)).toBe(false);
  });
});

test('a download that hangs is given up', async () => {
  const hanging = createServer(() => undefined);
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const address = hanging.address();
  const proxy = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const target = join(folder, 'temporal');
  const download = { target, env: { ...env, HTTPS_PROXY: proxy }, onProgress, giveUpAfterMs: 2_000 };
  expect(await downloadWithSdk(download)).toBe(false);
  expect(existsSync(target)).toBe(false);
  hanging.close();
});

test('the dev server keeps its workflows and its address over kill -9, and its workflows over a stop', async () => {
  const options = { binary: testSettings().temporalBinary, dbFile: join(folder, 'temporal.db'), port: 0, uiPort: 0 };
  const server = await startTemporal({ ...options, searchAttributes: { Colour: 'Keyword' } });
  try {
    await withClient(server.address, (client) =>
      client.workflow.start('nobodyRunsThis', {
        taskQueue: 'none',
        workflowId: 'kept',
        searchAttributes: { TidemarkConnection: ['demo'], Colour: ['red'] },
      }),
    );
    expect((await fetch(server.uiUrl)).status).toBe(200);
    const { pid } = server;
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await statusWhenBack(server.address)).toBe('RUNNING');
    expect(server.pid).not.toBe(pid);
  } finally {
    await server.stop();
  }
  const again = await startTemporal(options);
  expect(await statusWhenBack(again.address).finally(() => again.stop())).toBe('RUNNING');
});

describe('on a machine with other users and a browser', () => {
  let server: RunningTemporal;
  beforeAll(async () => {
    const dbFile = join(mkdtempSync(join(tmpdir(), 'tidemark-temporal-')), 'temporal.db');
    files = dbFile;
    server = await start();
  });
  const start = () => startTemporal({ binary: testSettings().temporalBinary, dbFile: files, port: 0, uiPort: 0 });
  afterAll(async () => {
    await server.stop();
    rmSync(dirname(files), { recursive: true, force: true });
  });
  let files: string;

  /** As a browser or curl sends it; `fetch` does not let the Host be chosen. */
  const ask = (url: URL | string, headers: Record<string, string>, method = 'GET', body = '') =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(url, { method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.once('error', reject);
      sent.end(body);
    });
  const option = (name: string) => {
    const words = execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(server.pid)], { encoding: 'utf8' }).split(' ');
    return words[words.indexOf(name) + 1];
  };

  test('a web page cannot start a workflow through the HTTP API, whatever Host and Origin it has', async () => {
    const url = `http://127.0.0.1:${option('--http-port')}/api/v1/namespaces/default/workflows/by-a-page`;
    const body = JSON.stringify({ workflowType: { name: 'applyPlan' }, taskQueue: { name: 'tidemark' } });
    for (const headers of [
      { host: 'evil.example', origin: 'http://evil.example', 'content-type': 'text/plain' },
      { origin: 'http://evil.example', 'content-type': 'text/plain' },
      { 'content-type': 'application/json' },
    ]) {
      expect([headers, await ask(url, headers, 'POST', body)]).toEqual([headers, 403]);
    }
    await withClient(server.address, async (client) => {
      await expect(client.workflow.getHandle('by-a-page').describe()).rejects.toThrow(/not found/);
    });
  });

  test('the UI answers this machine, and no page of another site', async () => {
    const at = (path: string) => new URL(path, server.uiUrl);
    const { port } = new URL(server.uiUrl);
    expect(await ask(at('/'), {})).toBe(200);
    expect(await ask(at('/api/v1/namespaces'), { host: `localhost:${port}`, origin: server.uiUrl })).toBe(200);
    for (const path of ['/', '/api/v1/namespaces', '/api/v1/settings']) {
      expect(await ask(at(path), { host: 'evil.example' })).toBe(403);
      expect(await ask(at(path), { host: '127.0.0.1.evil.example' })).toBe(403);
      expect(await ask(at(path), { origin: 'http://evil.example' })).toBe(403);
      expect(await ask(at(path), { origin: 'null' })).toBe(403);
    }
    expect(option('--ui-port')).not.toBe(port);
  });

  test('only its own user can read what it stores, also what a former version left open to others', async () => {
    await server.stop();
    chmodSync(files, 0o644);
    server = await start();
    for (const file of ['', '-wal', '-shm', '.log']) {
      expect([file, statSync(`${files}${file}`).mode & 0o777]).toEqual([file, 0o600]);
    }
  });
});

async function withClient<T>(address: string, act: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await act(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function statusWhenBack(address: string): Promise<string> {
  for (;;) {
    try {
      return await withClient(
        address,
        async (client) => (await client.workflow.getHandle('kept').describe()).status.name,
      );
    } catch {
      await sleep(100);
    }
  }
}
