import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { testSettings } from '../test/environment';
import { choosePort } from './ports';
import { findTemporal, startTemporal } from './temporal';
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
