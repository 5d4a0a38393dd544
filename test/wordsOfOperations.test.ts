import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { createProgram } from '../clients/cli/program';
import { describeApi } from '../clients/http/api/openapi';
import { routeOf } from '../clients/http/api/project';
import { operations } from '../clients/operations';
import { readyContext } from '../clients/operations/definition/context';
import { connectDatabase } from '../destination/database/database';
import { messagesIn } from './support/messages';
import { refusedWords } from './support/words';

/** Words that CONTRIBUTING.md rules out, in everything that the command line and the API say. */
const root = join(__dirname, '..');

/** A command and those below it, by name. */
function withBelow(command: Command, above: string): { name: string; command: Command }[] {
  const name = `${above}${command.name()}`;
  return [{ name, command }, ...command.commands.flatMap((one) => withBelow(one, `${name} `))];
}

/** As `--help` prints it, with what follows the options. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (written) => (text += written) }).outputHelp();
  return text;
}

const commands = withBelow(
  createProgram(() => undefined),
  '',
);

test.each(commands.map(({ name, command }) => [name, command] as const))('%s --help', (name, command) => {
  const help = helpOf(command);
  expect(help).toContain(`Usage: ${name}`);
  expect(refusedWords(help)).toEqual([]);
  expect(help).toMatch(name === 'tidemark' ? /docs\/glossary\.md/ : /Examples?:\n {2}\$ .*tidemark /);
});

test('the description of the API', async () => {
  // nothing is performed, so nothing connects
  const context = readyContext({
    db: connectDatabase('postgres://unused@127.0.0.1:1/none'),
    connectors: [],
    client: {} as Client,
  });
  const description = describeApi(await Promise.all(operations.map((one) => routeOf(one, context))));
  const texts: string[] = [];
  JSON.stringify(description, (name, value) => {
    if (['summary', 'description'].includes(name) && typeof value === 'string') texts.push(value);
    return value;
  });
  expect(texts.length).toBeGreaterThan(operations.length);
  expect(texts.flatMap(refusedWords)).toEqual([]);
});

test.each(['clients/cli', 'clients/http', 'clients/operations', 'clients/temporal'])('texts of %s/', (folder) => {
  const tracked = execFileSync('git', ['ls-files', `${folder}/*.ts`], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
  const files = tracked.filter((file) => !file.endsWith('.test.ts'));
  const messages = files.flatMap((file) => messagesIn(join(root, file)).map((text) => ({ file, text })));
  expect(messages.length).toBeGreaterThan(0);
  expect(messages.flatMap(({ file, text }) => refusedWords(text).map((found) => `${file}: ${found}`))).toEqual([]);
});
