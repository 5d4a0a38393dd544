import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OnProgress } from '../progress';

export interface Build {
  /** path of the `go` program */
  readonly go: string;
  readonly version: string;
  /** where the built program is to lie */
  readonly target: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress | undefined;
}

const saySomethingEvery = 150;

/**
 * Builds the Temporal CLI from its source with `go install`: about two and a quarter minutes from nothing.
 * Two builds at once do not disturb each other: each has its own folder, and the result is moved in place as a whole.
 *
 * @returns whether it is there now; Go's complaint has been passed to `onProgress`
 */
export async function buildWithGo({ go, version, target, env, onProgress }: Build): Promise<boolean> {
  const folder = `${dirname(target)}.build-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  onProgress?.(`Building the Temporal CLI ${version} with Go; this happens once and takes about three minutes`);
  try {
    const child = spawn(go, ['install', '-v', `github.com/temporalio/cli/cmd/temporal@${version}`], {
      env: { ...env, GOBIN: folder, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const status = new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit status ${code}`)));
    });
    let packages = 0;
    let lastLine = '';
    for await (const line of createInterface({ input: child.stderr })) {
      lastLine = line;
      if (line.startsWith('go: downloading')) continue;
      if (++packages % saySomethingEvery === 0) onProgress?.(`Building the Temporal CLI: ${packages} packages done`);
    }
    const failure = await status;
    if (failure !== undefined) {
      onProgress?.(`Go could not build the Temporal CLI (${failure}): ${lastLine}`);
      return false;
    }
    mkdirSync(dirname(target), { recursive: true });
    chmodSync(join(folder, 'temporal'), 0o755);
    renameSync(join(folder, 'temporal'), target);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
