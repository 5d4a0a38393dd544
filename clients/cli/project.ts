import { type Command, InvalidArgumentError } from 'commander';
import { TidemarkError } from '../../schema/errors';
import type { Field } from '../operations/definition/fields';
import type { AnyOperation } from '../operations/definition/operation';
import { addCommand, addGroup, type OnEnd, perform } from './command';
import { groups } from './groups';
import { runOperation } from './runOperation';

/** Options that every `start` takes besides its fields. */
interface Waiting {
  readonly wait?: boolean;
}

/** Adds the command of an operation: its fields as arguments and options. Nothing of what it does is loaded before it runs. */
export function addOperation(program: Command, operation: AnyOperation, onEnd: OnEnd): void {
  const words = operation.name.split(' ');
  const last = words.at(-1) ?? '';
  const parent = words.length === 1 ? program : groupOf(program, words[0] ?? '');
  const { summary, details, examples, effect, audited, usualReason, report } = operation;
  const command = addCommand(parent, {
    usage: last,
    summary,
    ...(details === undefined ? {} : { details }),
    examples: examples.map((example) => `${operation.name} ${example}`.trim()),
  });
  const fields = Object.entries(operation.input);
  for (const [name, one] of fields) addField(command, name, one);
  if (audited) addReason(command, usualReason);
  if (effect === 'start') {
    command.option('--wait', 'wait for the end (the default)', true).option('--no-wait', 'only start it');
  }
  if (report !== undefined) command.option('--report <file>', `write ${report}, to this file as Markdown`);
  const places = fields.filter(([, { cli }]) => cli === 'argument').map(([name]) => name);
  command.action(
    perform(onEnd, (shell, options: Readonly<Record<string, unknown>> & Waiting, ...args: unknown[]) => {
      const named = fields.filter(([, { cli }]) => cli === 'option' || cli === 'switch');
      const given = Object.fromEntries([
        ...places.map((name, index) => [name, emptyIsAbsent(args[index])] as const),
        ...named.map(([name, one]) => [name, givenFor(name, one, options)] as const),
      ]);
      const reason = typeof options.reason === 'string' ? options.reason : '';
      const file = typeof options.report === 'string' && report !== undefined ? { report: options.report } : {};
      return runOperation(shell, operation, given, { reason, wait: options.wait !== false, ...file });
    }),
  );
}

/** The command that holds those of this first word. */
export function groupOf(program: Command, name: string): Command {
  const found = program.commands.find((one) => one.name() === name);
  if (found) return found;
  const text = groups[name];
  if (text === undefined) throw new Error(`clients/cli/groups.ts has no text for '${name}'`);
  return addGroup(program, { usage: name, ...text });
}

function addField(command: Command, name: string, one: Field<unknown>): void {
  const long = dashed(name);
  const usual = one.usual === undefined || one.usual === null || one.cli === 'switch' ? '' : ` (default: ${one.usual})`;
  const text = `${one.cli === 'switch' && one.usual === true ? 'do not ' : ''}${one.describe}${usual}`;
  switch (one.cli) {
    case 'argument': {
      const place = `${long}${one.many ? '...' : ''}`;
      command.argument(one.required ? `<${place}>` : `[${place}]`, text, reader(one));
      break;
    }
    case 'option':
      if (one.required) command.requiredOption(`--${long} <${one.value}>`, text, reader(one));
      else command.option(`--${long} <${one.value}>`, text, reader(one));
      break;
    case 'switch':
      command.option(one.usual === true ? `--no-${long}` : `--${long}`, text);
      break;
    default:
  }
  if (one.none) command.option(`--${dashed(one.none.name)}`, one.none.describe);
}

function addReason(command: Command, usual: string | undefined): void {
  if (usual === undefined) command.requiredOption('--reason <text>', 'why; kept in the audit');
  else command.option('--reason <text>', 'why; kept in the audit', usual);
}

/** What a field reads, as commander calls it; values of a repeated one are collected. */
function reader(one: Field<unknown>): (text: string, before: unknown) => unknown {
  return (text, before) => {
    try {
      const value = one.read(text);
      return one.many ? [...(Array.isArray(before) ? before : []), value] : value;
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

function givenFor(name: string, { none }: Field<unknown>, options: Readonly<Record<string, unknown>>): unknown {
  if (none === undefined || options[none.name] !== true) return options[name];
  if (options[name] === undefined) return null;
  throw new TidemarkError('Usage', `Give either --${dashed(name)} or --${dashed(none.name)}, not both.`);
}

function emptyIsAbsent(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
