import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { z } from 'zod';
import { messageOf, TidemarkError } from '../schema/errors';

/** The text of a file, or undefined where there is none. Any other failure is thrown. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A JSON file checked against its schema, or undefined where there is none; a damaged one says which file it is and what to do. */
export function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new TidemarkError('Usage', `${file} is damaged (${messageOf(error)}): remove it and start again`, {
      cause: error,
    });
  }
}

/** Replaces a file as a whole: a reader sees the old text or the new one, never half of it, also after a crash. */
export function writeWhole(file: string, text: string, mode = 0o600): void {
  const temporary = `${file}.${process.pid}.new`;
  const fd = openSync(temporary, 'w', mode);
  try {
    fchmodSync(fd, mode);
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * The `code` of a system error (`ENOENT`, `ESRCH` …), or undefined for anything else. Not by `instanceof Error`, which is false
 * for Node's own errors in Jest's sandbox.
 */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
