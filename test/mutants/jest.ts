import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});

export interface TestRun {
  /** each by its file and full name, with a space between */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** the first line of the first failure; what Jest said where no test ran */
  readonly said: string;
}

/** Tests of the project wait for at most half a minute each; a mutant may make several tests of a file wait. */
const longestMs = 300_000;

/** Runs the tests of some files whose full names match, in a copy of the project. */
export async function runTests(project: string, files: readonly string[], pattern: string): Promise<TestRun> {
  const output = join(project, 'jest-result.json');
  rmSync(output, { force: true });
  const said = await run(
    project,
    [...files, '--testNamePattern', pattern, '--json', '--outputFile', output],
    longestMs * files.length,
  );
  let found: z.infer<typeof report>;
  try {
    found = report.parse(JSON.parse(readFileSync(output, 'utf8')));
  } catch {
    return { passed: [], failed: [], said: said.slice(-2_000) };
  }
  const tests = found.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((one) => ({ ...one, fullName: `${relative(project, name)} ${one.fullName}` })),
  );
  const failed = tests.filter(({ status }) => status === 'failed');
  const message = failed[0]?.failureMessages[0] ?? found.testResults.find(({ message }) => message !== '')?.message;
  return {
    passed: tests.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
    failed: failed.map(({ fullName }) => fullName),
    said: firstLine(message ?? ''),
  };
}

function run(project: string, args: readonly string[], limitMs: number): Promise<string> {
  const child = spawn(process.execPath, [join(project, 'node_modules', 'jest', 'bin', 'jest.js'), ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', TIDEMARK_ZOO_SHRINK_MS: '0' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  const end = () => child.kill('SIGKILL');
  const limit = setTimeout(end, limitMs);
  process.once('exit', end);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(limit);
      process.off('exit', end);
      resolve(said);
    });
  });
}

function firstLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  const plain = message.replace(/\u001b\[[0-9;]*m/g, '');
  return (plain.split('\n').find((line) => line.trim() !== '') ?? '').trim().slice(0, 160);
}
