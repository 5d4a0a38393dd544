import type { Command } from 'commander';
import { type ExitStatus, exitStatus } from './failure';
import { createShell, type Shell } from './terminal/shell';

/** Receives the exit status of a command. */
export type OnEnd = (status: ExitStatus) => void;

/** Adds one command to the program. */
export type AddCommand = (program: Command, onEnd: OnEnd) => void;

interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** A command's own words; every command takes --json, --config and --help, and shows examples. */
export interface CommandText {
  /** name and arguments as commander writes them: `sync <connection> [entity]` */
  readonly usage: string;
  readonly summary: string;
  /** more, for its own --help */
  readonly details?: string;
  /** what follows `tidemark`; one that sets variables is written out: `PORT=9000 tidemark up` */
  readonly examples: readonly string[];
}

/** Adds a command with what all have in common; give it its options and then its `action(perform(…))`. */
export function addCommand(program: Command, { usage, summary, details, examples }: CommandText): Command {
  return program
    .command(usage)
    .summary(summary)
    .description(details === undefined ? summary : `${summary}\n\n${details}`)
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .option('--config <file>', 'the connectors, instead of tidemark.config.ts|js|mjs|cjs in this folder')
    .addHelpText('after', exampleText(examples))
    .helpCommand(false);
}

/** Adds the name under which several commands stand (`cursor show`, `cursor reset`); by itself it shows its help. */
export function addGroup(program: Command, { usage, summary, details, examples }: CommandText): Command {
  return program
    .command(usage)
    .summary(summary)
    .description(details === undefined ? summary : `${summary}\n\n${details}`)
    .addHelpText('after', exampleText(examples))
    .helpCommand(false);
}

function exampleText(examples: readonly string[]): string {
  const lines = examples.map((example) => `  $ ${/^[A-Z_]+=/.test(example) ? '' : 'tidemark '}${example}`).join('\n');
  return `\nExample${examples.length > 1 ? 's' : ''}:\n${lines}`;
}

/**
 * An action for commander: `work` gets the shell, the options and the arguments, and returns the exit status (nothing: done).
 */
export function perform<Options, Arguments extends unknown[]>(
  onEnd: OnEnd,
  work: (shell: Shell, options: Options, ...args: Arguments) => Promise<ExitStatus | undefined>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // commander appends the options and the command to the arguments
    const options = given.at(-2) as Options & CommonOptions;
    const args = given.slice(0, -2) as Arguments;
    onEnd((await work(createShell(options), options, ...args)) ?? exitStatus.done);
  };
}
