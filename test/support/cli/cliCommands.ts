import { createProgram } from '../../../clients/cli/program';

/** Every command of the CLI with its long options, as the program declares them. */
export async function cliCommands(): Promise<Map<string, readonly string[]>> {
  const { commands } = createProgram(() => undefined);
  return new Map(
    commands.map((command) => [command.name(), command.options.flatMap(({ long }) => (long ? [long] : []))]),
  );
}
