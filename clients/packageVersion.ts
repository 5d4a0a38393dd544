import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Of this package, compiled or not. */
export function packageVersion(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const manifest: { name?: string; version?: string } | undefined = read(join(folder, 'package.json'));
    if (manifest?.name === 'tidemark' && manifest.version !== undefined) return manifest.version;
    if (folder === dirname(folder)) throw new Error('the package.json of tidemark is not above its own code');
  }
}

function read(file: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
