import type { Command } from 'commander';
import { inOrder } from '../../clients/cli/order';
import { createProgram } from '../../clients/cli/program';
import { pathOf } from '../../clients/http/api/project';
import { operations } from '../../clients/operations';
import type { Generated } from './generated';

/** The tables of commands in README.md and docs/operations.md, between markers. */
export const commandTables: readonly Generated[] = [
  { file: 'README.md', render: (present) => between(present, commandTable()) },
  { file: 'docs/operations.md', render: (present) => between(present, operationTable()) },
];

const begin = '<!-- commands: written by `npm run docs` -->';
const end = '<!-- end of commands -->';

/** Throws an Error where the document has no markers. */
function between(present: string, text: string): string {
  const [before, after] = [present.indexOf(begin), present.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`The document needs the lines ${begin} and ${end}`);
  return `${present.slice(0, before)}${begin}\n\n${text}\n${present.slice(after)}`;
}

const topCommands = () => {
  const { commands } = createProgram(() => undefined);
  return inOrder(commands, (one) => one.name());
};

/** One row per command, with those below it. */
function commandTable(): string {
  const rows = topCommands().map((command) => {
    const below = command.commands.map((one) => one.name());
    const first = acts(command) ? [usageOf(command), ...below.map((name) => `${command.name()} ${name}`)] : [];
    const [head = '', ...others] = below;
    const names = first.length > 0 ? first : [`${command.name()} ${head}`, ...others];
    return [names.map(code).join(', '), command.summary()];
  });
  return table(['command', 'what it does'], rows);
}

/** Whether it does something by itself: `runs`, but not `cursor`. */
function acts(command: Command): boolean {
  return command.commands.length === 0 || operations.some(({ name }) => name === command.name());
}

function usageOf(command: Command): string {
  const places = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`;
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...places].join(' ');
}

/** One row per operation: its command and its request. */
function operationTable(): string {
  const commandOf = ({ name, command }: (typeof operations)[number]) => command ?? name;
  const rows = inOrder(operations, (one) => commandOf(one).split(' ')[0] ?? '').map((one) => [
    code(commandOf(one)),
    code(`${one.effect === 'look' ? 'GET' : 'POST'} ${pathOf(one)}`),
  ]);
  const known = new Set(operations.map((one) => commandOf(one).split(' ')[0]));
  const others = topCommands().filter((one) => !known.has(one.name()));
  const none = [others.map((one) => code(one.name())).join(', '), 'none: they act on the machine that they run on'];
  return table(['command', 'operation'], others.length > 0 ? [...rows, none] : rows);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...lines.map((row) => (row[column] ?? '').length)));
  const text = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = lines;
  const table = [text(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(text)];
  return `${table.join('\n')}\n`;
}
