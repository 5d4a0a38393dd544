import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { TidemarkError } from '../../../schema/errors';

/** A file of the operator's machine, which is there. */
export interface OpenedFile {
  readonly bytes: number;
  read(): AsyncIterable<Buffer>;
}

/** Throws TidemarkError 'NotFound' and 'Usage' for what is no file that can be read. */
export async function openFile(path: string): Promise<OpenedFile> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new TidemarkError('Usage', `${path} is no file. Nothing was imported`);
    if (found.size === 0) throw new TidemarkError('Usage', `${path} is empty. Nothing was imported`);
    return { bytes: found.size, read: () => createReadStream(path, { highWaterMark: 256 * 1024 }) };
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'ENOENT') throw new TidemarkError('NotFound', `There is no file ${path}. Nothing was imported`);
    throw new TidemarkError('Usage', `${path} cannot be read (${code}). Nothing was imported`, {
      cause: error,
    });
  }
}
