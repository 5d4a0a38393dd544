import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Connector } from '../schema/definition/connector';
import { connectorNamed } from '../schema/definition/registered';
import { TidemarkError } from '../schema/errors';

/** Where `tidemark.config` is looked for, in this order. */
export const configNames = ['tidemark.config.ts', 'tidemark.config.js', 'tidemark.config.mjs', 'tidemark.config.cjs'];

/** The connectors that this process knows. */
export interface LoadedConfig {
  /** the file that named them; undefined: the bundled ones */
  readonly file: string | undefined;
  readonly connectors: readonly Connector[];
}

/**
 * Loads the connectors of a project: from the file that is named, else from `tidemark.config.ts|js|mjs|cjs` in the
 * folder, else the bundled ones. A .ts file is loaded on plain Node, and `import … from 'tidemark'` in it is this package.
 * Without a file, `among` keeps it to the bundled connectors of these names, which is faster.
 * Throws TidemarkError 'Usage', which names the file and the mistake in it.
 */
export async function loadConfig(folder: string, named?: string, among?: readonly string[]): Promise<LoadedConfig> {
  const file = findConfig(folder, named);
  // each only where it is needed: a cold `tidemark status` waits for what is loaded
  if (file === undefined) {
    const { bundledConnectors } = await import('./bundledConnectors.js');
    return { file, connectors: await bundledConnectors(among) };
  }
  const { evaluateConfig } = await import('./evaluateConfig.js');
  return { file, connectors: await evaluateConfig(file) };
}

/** The file that `loadConfig` would load; undefined: none, the bundled connectors serve. */
export function findConfig(folder: string, named?: string): string | undefined {
  if (named !== undefined) {
    const file = isAbsolute(named) ? named : resolve(folder, named);
    if (!existsSync(file)) throw new TidemarkError('Usage', `There is no file ${file}, which --config names`);
    return file;
  }
  return configNames.map((name) => join(folder, name)).find((file) => existsSync(file));
}

/** Throws TidemarkError 'NotFound', which names the connectors that there are. */
export function registeredConnector({ file, connectors }: LoadedConfig, name: string): Connector {
  const where =
    file === undefined ? 'Without a tidemark.config.ts, the bundled connectors are registered' : `${file} registers`;
  return connectorNamed(connectors, name, where);
}
