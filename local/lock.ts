import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TidemarkError } from '../schema/errors';
import { codeOf, readJson, writeWhole } from './files';
import { isAlive, ownIdentity, type ProcessIdentity, processIdentity } from './processes';

/** A lock that is held until it is released or its process dies. */
export interface Lock {
  release(): void;
}

/** Another living process holds the lock. */
export class LockHeld extends TidemarkError {
  constructor(
    readonly holder: ProcessIdentity,
    folder: string,
  ) {
    super('AlreadyRunning', `Process ${holder.pid} holds the lock ${folder}: end it first`);
  }
}

const released = processIdentity.extend({ released: processIdentity.shape.born.optional() });

/**
 * Takes the lock that a folder stands for. A holder that died, however it did and whoever has its pid now, holds nothing.
 *
 * The folder holds files with growing numbers; the highest one is the lock. To take it means to create the next number,
 * which the file system lets only one process do, so two that find the same stale lock cannot both get it; with one file,
 * removed when stale, the slower of them would remove the lock of the faster.
 *
 * @throws LockHeld
 */
export function takeLock(folder: string): Lock {
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const highest = Math.max(0, ...numbersIn(folder));
    const holder = readJson(fileOf(folder, highest), released);
    if (holder !== undefined && holder.released === undefined && isAlive(holder)) throw new LockHeld(holder, folder);
    const mine = highest + 1;
    if (!create(folder, mine)) continue;
    // A process that was asleep since it looked may have created a number that others have passed long ago.
    if (Math.max(...numbersIn(folder)) > mine) {
      rmSync(fileOf(folder, mine), { force: true });
      continue;
    }
    for (const number of numbersIn(folder)) if (number < mine) rmSync(fileOf(folder, number), { force: true });
    return { release: () => write(fileOf(folder, mine), { released: new Date().toISOString() }) };
  }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => Number.parseInt(name, 10));
}

function fileOf(folder: string, number: number): string {
  return join(folder, `${number}.json`);
}

/** Creates the file with its whole text at once; false where another process did. */
function create(folder: string, number: number): boolean {
  const draft = join(folder, `draft-${process.pid}`);
  write(draft, {});
  try {
    linkSync(draft, fileOf(folder, number));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function write(file: string, state: { released?: string }): void {
  writeWhole(file, `${JSON.stringify({ ...ownIdentity(), ...state })}\n`);
}
