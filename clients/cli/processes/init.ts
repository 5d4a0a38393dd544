import { constants, copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateFolderOf } from '../../../local/stackState';
import { TidemarkError } from '../../../schema/errors';
import { findConfig } from '../../config';
import { packageFolder } from '../../ownPackage';
import type { Shell } from '../terminal/shell';

/** What the editor needs to check a connector as strictly as zod's types want it; nothing is ever compiled with it. */
const compilerOptions = { target: 'es2023', module: 'node20', strict: true, skipLibCheck: true, noEmit: true };

/** Writes what a new project begins with. Throws TidemarkError 'Usage' where there is a config already. */
export function init(shell: Shell): void {
  const present = findConfig(shell.cwd);
  if (present !== undefined) {
    throw new TidemarkError('Usage', `There is a ${present} already: nothing was changed`);
  }
  const config = join(shell.cwd, 'tidemark.config.ts');
  const example = join(packageFolder(), 'docs', 'examples', 'starter', 'tidemark.config.ts');
  // never over a file that has come since
  copyFileSync(example, config, constants.COPYFILE_EXCL);
  const files = [config];
  if (!governed(shell.cwd)) {
    const file = join(shell.cwd, 'tsconfig.json');
    writeFileSync(file, `${JSON.stringify({ compilerOptions, include: ['*.ts'] }, undefined, 2)}\n`, { flag: 'wx' });
    files.push(file);
  }
  shell.result({ files }, () =>
    [
      ...files.map((file) => `Wrote ${file}`),
      'The example reads the issues of a public repository on GitHub into table github_issues.',
      ...(existsSync(stateFolderOf(shell.cwd)) ? bundledAsWell : []),
      'Next: npx tidemark up',
    ].join('\n'),
  );
}

/** A stack that ran here without a config has connections of the bundled connectors. */
const bundledAsWell = [
  'A stack ran in this folder before there was a config, with the bundled connectors. Register those that its connections use as well, such as:',
  "  import { planningCenter } from 'tidemark/connectors/planning-center';",
];

/** Whether a tsconfig.json here or above already says how the types in this folder are checked. */
function governed(folder: string): boolean {
  if (existsSync(join(folder, 'tsconfig.json'))) return true;
  return dirname(folder) !== folder && governed(dirname(folder));
}
