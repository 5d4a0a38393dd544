import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCommands } from '../../test/support/cliCommands';
import { operationsOf } from '../../test/support/hostileRequests';
import { testServer } from '../../test/support/server';

/** The command line and the API have the same abilities, and docs/operations.md says which is which. */
const text = readFileSync(join(__dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
const chapter = /^## The HTTP API\n(.*?)^## /ms.exec(text)?.[1] ?? '';
const names = (column: number) =>
  [...chapter.matchAll(/^\|(.*)\|(.*)\|$/gm)].flatMap((row) =>
    [...(row[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );

test('each command stands in the table, and each that stands there exists', async () => {
  const commands = await allCommands();
  const told = names(1).map((name) => name.replace(/ --.*$/, ''));
  expect(commands.filter(({ last }) => last).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['up', 'cursor show']),
  );
  for (const { name, last } of commands) if (last) expect(told).toContain(name);
  for (const name of told) expect(commands.map((one) => one.name)).toContain(name);
});

test('each operation stands in the table, and each that stands there exists', async () => {
  const { api } = await testServer();
  const description = await (await api('GET', '/api/openapi.json')).json();
  const operations = operationsOf(description as Parameters<typeof operationsOf>[0]);
  const told = names(2).filter((name) => name.includes('/'));
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(told.sort());
});
