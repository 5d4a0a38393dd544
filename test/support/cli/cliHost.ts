import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { atEnd } from '../../environment';
import { assertBuilt, type CliOptions, type Finished } from './cli';

/** What the process that runs the commands is asked, and what it replies. */
export interface HostedCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs commands of the built CLI, one after the other, as `runCli` does, but in one process. */
export type CliHost = (args: readonly string[], options: Omit<CliOptions, 'stdin'>) => Promise<Finished>;

/**
 * Starts a process that has loaded the built CLI once: most of a short command's time is loading it. For tests of what commands print;
 * commands that end by a signal, read stdin or start processes take `startCli`.
 */
export function startCliHost(): CliHost {
  assertBuilt();
  // no terminal, whatever the tests run in
  const child = fork(join(__dirname, 'cliHostMain.js'), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'exit');
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let last: Promise<unknown> = Promise.resolve();
  return (args, { cwd, env }) => {
    const run = async (): Promise<Finished> => {
      const command: HostedCommand = { args, cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } };
      child.send(command);
      const [finished] = (await Promise.race([
        once(child, 'message'),
        exited.then(() =>
          Promise.reject(new Error(`the process that runs commands ended at: ${args.join(' ')}\n${said}`)),
        ),
      ])) as [Finished];
      return finished;
    };
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}
