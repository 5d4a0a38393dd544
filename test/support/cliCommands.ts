import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { AddCommand } from '../../clients/cli/command';

/** Every command of the CLI with its long options, as its own modules declare them. */
export async function cliCommands(): Promise<Map<string, readonly string[]>> {
  const { commands } = await cliProgram();
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
  return named(await cliProgram(), '');
}

async function cliProgram(): Promise<Command> {
  const folder = join(__dirname, '..', '..', 'clients', 'cli', 'commands');
  const program = new Command();
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  for (const file of [...files, join('connect', 'connect.ts')]) {
    const exported: Record<string, unknown> = await import(join(folder, file));
    for (const [name, add] of Object.entries(exported)) {
      if (/^add[A-Z]/.test(name)) (add as AddCommand)(program, () => undefined);
    }
  }
  return program;
}
