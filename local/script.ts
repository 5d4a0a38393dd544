import { dirname, extname, join } from 'node:path';

/**
 * The arguments with which Node runs one of our own modules as a program, given its path without extension: the
 * compiled file beside us, or, where we run from source as under Jest, the source through jiti.
 */
export function scriptArguments(module: string): string[] {
  if (extname(__filename) === '.js') return [`${module}.js`];
  const jiti = join(dirname(require.resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  return [jiti, `${module}.ts`];
}
