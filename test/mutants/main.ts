import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../schema/errors';
import { applied, namePattern } from './applied';
import { runTests } from './jest';
import type { Mutant } from './mutant';
import { mutants } from './table';

const usage = `Breaks each invariant on purpose, in a copy of the project, and shows which test notices.

  npm run test:mutants -- [options]

  --invariant N   only those of one invariant
  --name TEXT     only those whose name has this in it
  --test TEXT     only those whose test's file has this in it: --test zoo
`;

interface Outcome {
  readonly mutant: Mutant;
  /** `red`: the test noticed; `survived`: it did not; `error`: nothing can be said */
  readonly result: 'red' | 'survived' | 'error';
  readonly said: string;
  /** what the test took, start included */
  readonly seconds: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      invariant: { type: 'string' },
      name: { type: 'string', default: '' },
      test: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const chosen = mutants.filter(
    ({ invariant, name, test }) =>
      (values.invariant === undefined || invariant === Number(values.invariant)) &&
      name.includes(values.name) &&
      test.file.includes(values.test),
  );
  const project = copyOfProject();
  process.once('exit', () => rmSync(project, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const healthy = await testsThatPass(project, chosen);
  const outcomes: Outcome[] = [];
  for (const mutant of chosen) {
    const began = performance.now();
    const tries = await tried(project, mutant, healthy);
    const outcome = { ...tries, seconds: Math.round((performance.now() - began) / 1000) };
    outcomes.push(outcome);
    process.stderr.write(`${outcome.result.padEnd(9)}${mutant.invariant} ${mutant.name}, ${outcome.seconds} s\n`);
  }
  process.stdout.write(`${table(outcomes)}\n`);
  const wrong = outcomes.filter(({ result }) => result !== 'red');
  const minutes = outcomes.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  process.stdout.write(
    `\n${outcomes.length - wrong.length} of ${outcomes.length} mutants turn a test red, in ${minutes.toFixed(1)} minutes.\n`,
  );
  return wrong.length === 0 && outcomes.length > 0 ? 0 : 1;
}

/** The working tree as it stands, without what git ignores; mutants never touch the tree itself. */
function copyOfProject(): string {
  const root = join(__dirname, '..', '..');
  const project = mkdtempSync(join(tmpdir(), 'tidemark-mutants-'));
  const files = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split(
    '\0',
  );
  for (const file of files.filter((name) => name !== '' && name !== 'node_modules' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    cpSync(join(root, file), join(project, file));
  }
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  return project;
}

/** The files and full names of the tests that pass without any mutant: one run of Jest, since each starts servers of its own. */
async function testsThatPass(project: string, chosen: readonly Mutant[]): Promise<ReadonlySet<string>> {
  const files = [...new Set(chosen.map(({ test }) => test.file))];
  process.stderr.write(`the tests of ${files.length} files, without a mutant\n`);
  const { passed, failed, said } = await runTests(
    project,
    files,
    chosen.map((one) => `(${namePattern(one)})`).join('|'),
  );
  process.stderr.write(`${passed.length} of ${passed.length + failed.length} tests pass without a mutant\n`);
  for (const name of failed) process.stderr.write(`  fails without a mutant: ${name}\n`);
  if (failed.length > 0 || passed.length === 0) process.stderr.write(`  ${said}\n`);
  return new Set(passed);
}

async function tried(project: string, mutant: Mutant, healthy: ReadonlySet<string>): Promise<Omit<Outcome, 'seconds'>> {
  const pattern = new RegExp(namePattern(mutant));
  const { file } = mutant.test;
  const green = [...healthy].some((name) => name.startsWith(`${file} `) && pattern.test(name));
  if (!green) return { mutant, result: 'error', said: 'the test does not pass without the mutant' };
  const path = join(project, mutant.file);
  const text = readFileSync(path, 'utf8');
  try {
    writeFileSync(path, applied(mutant, text));
    const { passed, failed, said } = await runTests(project, [file], namePattern(mutant));
    const noticed = failed.some((name) => pattern.test(name) && healthy.has(name));
    if (noticed) return { mutant, result: 'red', said };
    return { mutant, result: passed.some((name) => pattern.test(name)) ? 'survived' : 'error', said };
  } catch (error) {
    return { mutant, result: 'error', said: messageOf(error).split('\n')[0] ?? '' };
  } finally {
    writeFileSync(path, text);
  }
}

function table(outcomes: readonly Outcome[]): string {
  return [
    '| invariant | mutant | test | result |',
    '| ---: | --- | --- | --- |',
    ...outcomes.map(
      ({ mutant, result, said }) =>
        `| ${mutant.invariant} | ${mutant.name} | ${mutant.test.file}: ${mutant.test.name} | ${result}${result === 'error' ? `: ${said}` : ''} |`,
    ),
  ].join('\n');
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
