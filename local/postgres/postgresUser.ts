import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, TidemarkError } from '../../schema/errors';
import { codeOf } from '../files';
import type { OnProgress } from '../progress';

/** The user that PostgreSQL runs as when we are root, since it refuses to run as root. */
export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Where root puts what an unprivileged user must reach and cannot reach in its own place. */
export const systemFolder = '/var/lib/tidemark';

/**
 * Who PostgreSQL runs as. An ordinary user: itself (undefined). Root: the owner of the data that are already there, else
 * the system's user `postgres`, who is created when missing.
 */
export function postgresUser(dataFolder: string): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(join(dataFolder, 'data'), { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { name: `number ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  return lookUp('postgres') ?? create('postgres');
}

function lookUp(name: string): UnprivilegedUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((option) => spawnSync('id', [option, name], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

function create(name: string): UnprivilegedUser {
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', name], {
    encoding: 'utf8',
  });
  const user = lookUp(name);
  if (user !== undefined) return user;
  throw new TidemarkError(
    'EmbeddedUnavailable',
    `PostgreSQL does not run as root, and no user "${name}" could be created for it (${made.error?.message ?? made.stderr.trim()}): create one with useradd, start Tidemark as an ordinary user, or set DATABASE_URL`,
  );
}

/**
 * Makes the folder for PostgreSQL's data and gives it to the user who will run it. Where that user cannot reach it (under a
 * home of mode 700), the data are put under `/var/lib/tidemark` and the folder becomes a link to them.
 *
 * @returns the real place
 */
export function settleDataFolder(
  dataFolder: string,
  user: UnprivilegedUser | undefined,
  onProgress?: OnProgress,
): string {
  try {
    if (lstatSync(dataFolder, { throwIfNoEntry: false })?.isSymbolicLink()) return realpathSync(dataFolder);
    mkdirSync(dataFolder, { recursive: true });
    if (user === undefined) return own(dataFolder);
    hand(dataFolder, user);
    if (canEnter(dataFolder, user)) return dataFolder;
    const place = join(
      systemFolder,
      `${basename(dirname(dirname(dataFolder))) || 'data'}-${randomBytes(4).toString('hex')}`,
    );
    onProgress?.(
      `User ${user.name} cannot reach ${dataFolder}: PostgreSQL's data are stored in ${place}, with a link to them`,
    );
    mkdirSync(place, { recursive: true });
    hand(place, user);
    rmdirSync(dataFolder);
    symlinkSync(place, dataFolder);
    return place;
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw new TidemarkError('EmbeddedUnavailable', `No place for PostgreSQL's data: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function hand(folder: string, user: UnprivilegedUser): void {
  chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
}

function own(dataFolder: string): string {
  try {
    const owner = statSync(join(dataFolder, 'data'), { throwIfNoEntry: false })?.uid ?? process.getuid?.();
    if (owner === process.getuid?.()) return dataFolder;
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
  }
  throw new TidemarkError(
    'EmbeddedUnavailable',
    `${dataFolder} belongs to another user (Tidemark was started here as root?): start it as that user again, or remove the folder to start empty`,
  );
}

function canEnter(folder: string, user: UnprivilegedUser): boolean {
  const tried = spawnSync('sh', ['-c', 'test -x "$1" && test -w "$1"', 'sh', folder], {
    cwd: '/',
    uid: user.uid,
    gid: user.gid,
  });
  return tried.status === 0;
}
