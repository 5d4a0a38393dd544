import type { Command } from 'commander';
import { createProgram } from '../../clients/cli/program';

/** Every command of the CLI with its long options, as the program declares them. */
export async function cliCommands(): Promise<Map<string, readonly string[]>> {
  const { commands } = createProgram(() => undefined);
  return new Map(
    commands.map((command) => [command.name(), command.options.flatMap(({ long }) => (long ? [long] : []))]),
  );
}

/** The same with those below them, such as `cursor show`; `last`: it has none below it. */
export async function allCommands(): Promise<{ readonly name: string; readonly last: boolean }[]> {
  const named = (command: Command, above: string): { name: string; last: boolean }[] =>
    command.commands.flatMap((one) => {
      const name = `${above}${one.name()}`;
      return [{ name, last: one.commands.length === 0 }, ...named(one, `${name} `)];
    });
  return named(
    createProgram(() => undefined),
    '',
  );
}
