import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signal } from '../processes';
import type { OnProgress } from '../progress';

// The SDK only offers the download as the first step of starting a server. It runs in a process of its own,
// because a download that hangs cannot be called off in ours.
const program = `
  const { TestWorkflowEnvironment } = require(process.argv[1]);
  TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: process.argv[2], ttl: '365d' } },
  }).then((server) => server.teardown()).then(() => process.exit(0), () => process.exit(1));
`;

export interface Download {
  /** where the program is to lie */
  readonly target: string;
  /** proxies are read from it */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress | undefined;
  /** how long nothing may arrive; default 8 s */
  readonly giveUpAfterMs?: number;
}

/**
 * Fetches the Temporal CLI with the SDK's standard download. Gives up when nothing has arrived for some seconds.
 *
 * @returns whether the program lies at `target` now
 */
export async function downloadWithSdk({ target, env, onProgress, giveUpAfterMs = 8_000 }: Download): Promise<boolean> {
  const folder = `${dirname(target)}.download-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  onProgress?.('Fetching the Temporal server with the SDK’s download');
  try {
    const child = spawn(process.execPath, ['-e', program, require.resolve('@temporalio/testing'), folder], {
      env,
      stdio: 'ignore',
    });
    const ended = new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', (code) => resolve(code === 0));
    });
    const done = await Promise.race([ended, stalled(folder, ended, giveUpAfterMs, onProgress)]);
    if (!done && child.pid !== undefined) signal(child.pid, 'SIGKILL');
    await ended;
    const fetched = readdirSync(folder).find((name) => !name.endsWith('.downloading'));
    if (!done || fetched === undefined) {
      onProgress?.('The download of the Temporal server could not be reached');
      return false;
    }
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(folder, fetched), target);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves with false when the folder has not grown for a while; never where the child ends by itself. */
async function stalled(
  folder: string,
  ended: Promise<boolean>,
  giveUpAfterMs: number,
  onProgress?: OnProgress,
): Promise<boolean> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  let [size, grewAt, toldAt] = [0, Date.now(), Date.now()];
  while (!over && Date.now() - grewAt < giveUpAfterMs) {
    await sleep(250);
    const now = sizeOf(folder);
    if (now > size) grewAt = Date.now();
    size = now;
    if (Date.now() - toldAt > 5_000) {
      toldAt = Date.now();
      onProgress?.(`Fetching the Temporal server: ${Math.round(size / 1e6)} MB`);
    }
  }
  return over ? ended : false;
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
