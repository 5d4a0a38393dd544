import { Command, CommanderError } from 'commander';
import { operations } from '../operations';
import { packageVersion } from '../ownPackage';
import type { OnEnd } from './command';
import { addConnect } from './commands/connect';
import { addDemo } from './commands/demo';
import { addDoctor } from './commands/doctor';
import { addImport } from './commands/importFile';
import { addInit } from './commands/init';
import { addMigrate } from './commands/migrate';
import { addRotateSecret } from './commands/rotateSecret';
import { addServer } from './commands/server';
import { addUp } from './commands/up';
import { addWorker } from './commands/worker';
import { type ExitStatus, exitStatus, type Failure, failureOf } from './failure';
import { listInOrder } from './order';
import { addOperation, groupOf } from './project';
import { coloursFor, print, printJson } from './terminal/shell';

/** Those that are no operations, or that ask more on this machine; `order.ts` has the order of `--help`. */
const commands = [
  ...[addInit, addUp, addDemo, addConnect, addDoctor, addImport],
  ...[addMigrate, addWorker, addServer],
];

/** Operations whose command is written by hand, since it asks or checks more on this machine; those above among them. */
const ownCommands: ReadonlySet<string> = new Set(['doctor', 'import', 'connect', 'connections rotate-secret']);

/** Every command there is; `onEnd` gets the exit status of the one that runs. */
export function createProgram(onEnd: OnEnd): Command {
  const program = new Command('tidemark')
    .description('Keeps PostgreSQL tables equal to what third-party APIs hold.')
    .version(packageVersion(), '-v, --version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    // else --json of 'runs show' would be that of 'runs'
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('See --help.')
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 failed, 2 bad usage, 3 already running or waiting for approval.\nWords: docs/glossary.md in the package.\nStart with: tidemark up',
    );
  for (const add of commands) add(program, onEnd);
  for (const one of operations) {
    if (one.command === undefined && !ownCommands.has(one.name)) addOperation(program, one, onEnd);
    if (one.name === 'connections rotate-secret') addRotateSecret(groupOf(program, 'connections'), onEnd);
  }
  return listInOrder(program);
}

/** Runs the command line `args` (without the program's name) and returns the exit status of the process. */
export async function runCli(args: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = exitStatus.done;
  const program = createProgram((ended) => (status = ended));
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status !== exitStatus.done) report(failure, error, args.includes('--json'));
    return failure.status;
  }
}

/** Errors are one sentence on stderr; with --json they are the document on stdout too. Traces only for who asks for them. */
function report(failure: Failure, error: unknown, json: boolean): void {
  const { red, dim } = coloursFor(process.stderr, process.env);
  if (json) {
    const { type, message, hint } = failure;
    printJson({ error: { type, message, ...(hint ? { hint } : {}) } });
  }
  // commander has said it by itself
  if (error instanceof CommanderError) return;
  print(process.stderr, `${red('Error:')} ${failure.message}\n`);
  if (failure.hint) print(process.stderr, `${failure.hint}\n`);
  const traced = ['debug', 'trace'].includes(process.env.LOG_LEVEL?.toLowerCase() ?? '');
  if (traced && error instanceof Error) print(process.stderr, `${dim(traceOf(error))}\n`);
}

function traceOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by: ${traceOf(error.cause)}` : stack;
}
