import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from '../../environment';

const root = join(__dirname, '..', '..', '..');
const program = join(root, 'dist', 'clients', 'cli', 'main.js');
const sources = [
  'schema',
  'connectors',
  'source',
  'destination',
  'activities',
  'workflows',
  'workers',
  'clients',
  'local',
];

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the built CLI as a child process; ended with the test file at the latest. */
export interface StartedCli {
  readonly child: ChildProcess;
  /** everything it has written so far */
  readonly output: { stdout: string; stderr: string };
  readonly finished: Promise<Finished>;
}

export interface CliOptions {
  readonly cwd: string;
  /** beside PATH and HOME; nothing else is inherited */
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}

/** Starts the CLI as it was built: what is tested is what people run. Throws when the build is missing or old. */
export function startCli(args: readonly string[], { cwd, env, stdin }: CliOptions): StartedCli {
  assertBuilt();
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(stdin ?? '');
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (status) => resolve({ status, ...output }));
  });
  atEnd(async () => {
    child.kill('SIGKILL');
    await finished;
  });
  return { child, output, finished };
}

export function runCli(args: readonly string[], options: CliOptions): Promise<Finished> {
  return startCli(args, options).finished;
}

/** An empty folder that is removed at the end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let built = false;

/** Throws when the build is missing, or older than what it is made from. */
export function assertBuilt(): void {
  if (built) return;
  const since = existsSync(program) ? statSync(program).mtimeMs : 0;
  const newer = sources.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => join(root, folder, file))
      .filter((file) => statSync(file).mtimeMs > since),
  );
  if (newer.length > 0) throw new Error(`dist/ is older than ${newer[0]}: run 'npm run build' first`);
  built = true;
}
