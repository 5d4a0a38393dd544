import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, TidemarkError } from '../schema/errors';
import { codeOf } from './files';
import { type StackKeys, stackKeys } from './keys';
import { endOrphans, type Ledger, openLedger } from './ledger';
import { type Lock, LockHeld, takeLock } from './lock';
import { type RunningPostgres, startPostgres } from './postgres/postgres';
import { ownIdentity } from './processes';
import type { OnProgress } from './progress';
import { startReaper } from './reaper';
import {
  completed,
  ledgerFile,
  readStack,
  type StackReport,
  type StackState,
  stateFolderOf,
  withEmbeddedTemporal,
  writeStack,
} from './stackState';
import { type SupervisedChild, supervise } from './supervise';
import { findTemporal, startTemporal } from './temporal/temporal';

export { readStack, type StackReport, stackEnvironment } from './stackState';

export interface StackOptions {
  /** the project; everything is kept in `.tidemark/` in it */
  readonly folder: string;
  /** DATABASE_URL and TEMPORAL_ADDRESS name servers to use instead of the embedded ones */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress | undefined;
}

/** PostgreSQL, Temporal, and the programs that run on them. */
export interface Stack extends StackKeys {
  readonly folder: string;
  readonly databaseUrl: string;
  /** `host:port` */
  readonly temporalAddress: string;
  /** of the embedded Temporal; undefined with one of the user's own */
  readonly temporalUiUrl: string | undefined;
  /** what `run` gives to its programs: the caller's environment with addresses and keys filled in */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Runs Node with these arguments and keeps it running until `stop`; its log is `.tidemark/logs/<name>.log`.
   * It gets SIGTERM and 30 s to end.
   */
  run(name: string, args: readonly string[], env?: NodeJS.ProcessEnv): SupervisedChild;
  /** Writes down, for other commands, where something listens (`api`, `webhooks`, `simulator` …). */
  announce(addresses: Readonly<Record<string, string>>): void;
  /** Ends everything in the right order: programs newest first, Temporal, PostgreSQL. Can be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded default in a folder, or goes on with what it had.
 * Whatever a killed stack left running there is ended first; and when this process is killed, its reaper ends everything.
 *
 * @throws TidemarkError `AlreadyRunning` with the pid and the address of the one that runs
 */
export async function startStack({ folder, env, onProgress }: StackOptions): Promise<Stack> {
  const home = stateFolderOf(folder);
  // Others may pass through, as root's PostgreSQL user must, but not look around.
  mkdirSync(home, { recursive: true, mode: 0o711 });
  const lock = lockFolder(folder);
  const undo = new UndoList();
  try {
    ignoreByGit(home);
    await endOrphans(join(home, ledgerFile), { onProgress });
    const keys = stackKeys(home, env);
    const ledger = openLedger(join(home, ledgerFile));
    undo.add(async () => ledger.close());
    const reaper = startReaper(ledger, logOf(home, 'reaper'), onProgress);
    undo.add(() => reaper.stop());
    const last = readStack(folder);
    const servers = await startServers({ home, env, last, ledger, onProgress, undo });
    return assemble({ folder, home, env, keys, ledger, servers, last, undo, lock, onProgress });
  } catch (error) {
    await undo.run().finally(() => lock.release());
    throw plainly(error, home);
  }
}

interface Servers {
  readonly postgres: RunningPostgres | undefined;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | undefined;
}

interface ServersToStart {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly last: StackReport | undefined;
  readonly ledger: Ledger;
  readonly onProgress: OnProgress | undefined;
  readonly undo: UndoList;
}

async function startServers({ home, env, last, ledger, onProgress, undo }: ServersToStart): Promise<Servers> {
  // Found before anything is started: this may take minutes, or fail.
  const temporal = await findTemporal({ env, onProgress });
  const common = { watcher: ledger, onProgress };

  const postgres = env.DATABASE_URL
    ? undefined
    : await startPostgres({
        ...common,
        dataFolder: join(home, 'postgres'),
        logFile: logOf(home, 'postgres'),
        port: portOf(last?.databaseUrl),
      });
  if (postgres !== undefined) undo.add(() => postgres.stop());
  const databaseUrl = postgres?.url ?? env.DATABASE_URL ?? '';

  if (temporal.kind === 'running') {
    return { postgres, databaseUrl, temporalAddress: temporal.address, temporalUiUrl: undefined };
  }
  const server = await startTemporal({
    ...common,
    binary: temporal.path,
    dbFile: join(home, 'temporal.db'),
    logFile: logOf(home, 'temporal'),
    port: portOf(last && `tcp://${last.temporalAddress}`),
    uiPort: portOf(last?.temporalUiUrl),
    ...(env.TEMPORAL_NAMESPACE ? { namespace: env.TEMPORAL_NAMESPACE } : {}),
  });
  undo.add(() => server.stop());
  return { postgres, databaseUrl, temporalAddress: server.address, temporalUiUrl: server.uiUrl };
}

interface Parts {
  readonly folder: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly keys: StackKeys;
  readonly ledger: Ledger;
  readonly servers: Servers;
  readonly last: StackReport | undefined;
  readonly undo: UndoList;
  readonly lock: Lock;
  readonly onProgress: OnProgress | undefined;
}

function assemble({ folder, home, env, keys, ledger, servers, last, undo, lock, onProgress }: Parts): Stack {
  const { databaseUrl, temporalAddress, temporalUiUrl } = servers;
  let state: StackState = {
    owner: ownIdentity(),
    startedAt: new Date().toISOString(),
    databaseUrl: servers.postgres?.url,
    temporalAddress,
    temporalUiUrl,
    // until they are announced again: a caller that chooses a port looks at what it was
    addresses: last?.addresses ?? {},
  };
  writeStack(folder, state);
  let stopped: Promise<void> | undefined;
  const environment = completed(temporalUiUrl === undefined ? env : withEmbeddedTemporal(env), {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    OAUTH_ENCRYPTION_KEY: keys.encryptionKey,
    TIDEMARK_API_KEY: keys.apiKey,
  });
  return {
    ...keys,
    folder,
    databaseUrl,
    temporalAddress,
    temporalUiUrl,
    env: environment,
    run(name, args, extra = {}) {
      const child = supervise({
        name,
        command: process.execPath,
        args,
        env: { ...environment, ...extra },
        cwd: folder,
        logFile: logOf(home, name),
        stopLimitMs: 30_000,
        watcher: ledger,
        onProgress,
      });
      undo.add(() => child.stop());
      return child;
    },
    announce(addresses) {
      state = { ...state, addresses: { ...state.addresses, ...addresses } };
      writeStack(folder, state);
    },
    stop() {
      stopped ??= undo.run().finally(() => {
        // a folder that was removed meanwhile has nothing to be written to, and nothing that a lock protects
        if (!existsSync(home)) return;
        writeStack(folder, { ...state, stoppedAt: new Date().toISOString() });
        lock.release();
      });
      return stopped;
    },
  };
}

/** What has to be undone, in the reverse order of its doing. */
class UndoList {
  private readonly steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.steps.push(step);
  }

  /** Runs every step, also after one that failed; throws the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.steps.reverse()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

function lockFolder(folder: string): Lock {
  try {
    return takeLock(join(stateFolderOf(folder), 'lock'));
  } catch (error) {
    if (!(error instanceof LockHeld)) throw plainly(error, stateFolderOf(folder));
    const other = readStack(folder);
    const address = other?.owner.pid === error.holder.pid ? other.addresses.api : undefined;
    throw new TidemarkError(
      'AlreadyRunning',
      `Tidemark already runs in ${folder}: process ${error.holder.pid}${address === undefined ? '' : `, ${address}`}. Stop it with Ctrl-C there (or kill ${error.holder.pid}), or use another folder`,
      { cause: error },
    );
  }
}

/** What a folder left by another user, mostly by root, leads to. */
function plainly(error: unknown, home: string): unknown {
  if (codeOf(error) !== 'EACCES') return error;
  return new TidemarkError(
    'EmbeddedUnavailable',
    `${messageOf(error)}: ${home} has files of another user. Start Tidemark as the user who started it before, or give the folder to this one (chown -R)`,
    { cause: error },
  );
}

function logOf(home: string, name: string): string {
  return join(home, 'logs', `${name}.log`);
}

/** The port of the last time, so that addresses that people wrote down stay right. */
function portOf(url: string | undefined): number | undefined {
  return url === undefined ? undefined : Number(new URL(url).port) || undefined;
}

function ignoreByGit(home: string): void {
  const file = join(home, '.gitignore');
  if (!existsSync(file)) writeFileSync(file, '*\n');
}
