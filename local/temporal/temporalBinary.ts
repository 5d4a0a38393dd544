import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TidemarkError } from '../../schema/errors';
import type { OnProgress } from '../progress';
import { buildWithGo } from './temporalBuild';
import { downloadWithSdk } from './temporalDownload';

/** A `temporal` program on this machine and where it came from. */
export interface TemporalBinary {
  readonly kind: 'binary';
  readonly path: string;
  readonly source: 'path' | 'cache' | 'download' | 'go';
}

/** A server that is run elsewhere, or a program to start one with. */
export type TemporalFound = { readonly kind: 'running'; readonly address: string } | TemporalBinary;

/** The version we build; newer ones have replace directives, which `go install` refuses. */
export const temporalVersion = 'v1.5.1';

export interface FindOptions {
  /** TEMPORAL_ADDRESS, PATH, HOME and XDG_CACHE_HOME are read, and handed on to downloads and builds */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Finds a Temporal server, in this order: `TEMPORAL_ADDRESS`, `temporal` on the PATH, a copy in the user's cache folder, the
 * SDK's own download, a build with Go. When `TEMPORAL_ADDRESS` is set nothing else is tried: the user who set it does not want
 * another server.
 */
export async function findTemporal({ env, onProgress }: FindOptions): Promise<TemporalFound> {
  const address = env.TEMPORAL_ADDRESS;
  if (address !== undefined && address !== '') {
    await reach(address);
    return { kind: 'running', address };
  }
  const onPath = programsOn(env.PATH, 'temporal').find(works);
  if (onPath !== undefined) return { kind: 'binary', path: onPath, source: 'path' };

  const { built, downloaded } = cachePlaces(env);
  const cached = [built, downloaded].find((path) => isProgram(path) && works(path));
  if (cached !== undefined) return { kind: 'binary', path: cached, source: 'cache' };

  if (await downloadWithSdk({ target: downloaded, env, onProgress }))
    return { kind: 'binary', path: downloaded, source: 'download' };

  const go = programsOn(env.PATH, 'go')[0];
  if (go !== undefined && (await buildWithGo({ go, version: temporalVersion, target: built, env, onProgress }))) {
    return { kind: 'binary', path: built, source: 'go' };
  }
  throw new TidemarkError(
    'EmbeddedUnavailable',
    [
      'No Temporal server: TEMPORAL_ADDRESS is not set, there is no "temporal" on the PATH or in the cache, its download could not be reached' +
        (go === undefined ? ' and Go is not installed.' : ' and building it with Go failed.'),
      'Do one of these and start again:',
      '  1. set TEMPORAL_ADDRESS to a Temporal server that you run (host:port);',
      `  2. install the Temporal CLI so that "temporal" is on the PATH, or copy the program to ${built};`,
      `  3. install Go (https://go.dev/doc/install), with which Tidemark builds the Temporal CLI ${temporalVersion} in about three minutes.`,
    ].join('\n'),
  );
}

/** Where our copies lie: per user, so that one download or build serves every project. */
export function cachePlaces(env: NodeJS.ProcessEnv): { built: string; downloaded: string } {
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  const folder = join(cache, 'tidemark', 'temporal');
  return { built: join(folder, temporalVersion, 'temporal'), downloaded: join(folder, 'sdk', 'temporal') };
}

/** Throws unless a server listens at this address; whether it is a Temporal server shows when a client speaks to it. */
async function reach(address: string): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address.includes(':') ? address : `${address}:7233`}`);
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 7233), timeout: 5_000 });
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('timeout', () => socket.destroy(new Error('no answer within 5 s')));
      socket.once('error', reject);
    });
  } catch (error) {
    throw new TidemarkError(
      'EmbeddedUnavailable',
      `TEMPORAL_ADDRESS is ${address}, but nothing answers there: start that server, correct the address, or unset TEMPORAL_ADDRESS to use the embedded one`,
      { cause: error },
    );
  }
}

function programsOn(path: string | undefined, name: string): string[] {
  return (path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter(isProgram);
}

function isProgram(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Something else may be called `temporal`, and a copy may be cut short or for another machine. */
function works(path: string): boolean {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', env: {}, timeout: 20_000 });
  return status === 0 && /temporal version/i.test(stdout);
}
