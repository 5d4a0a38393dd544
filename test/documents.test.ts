import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environmentVariables } from '../schema/settings/settings';

/** What the documents say, as far as a machine can tell whether it is true. */
const root = join(__dirname, '..');
const files = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['docs/glossary.md', 'docs/guarantees.md', 'docs/operations.md', 'docs/scale.md'],
  ...readdirSync(join(root, 'docs', 'decisions')).map((name) => join('docs', 'decisions', name)),
];
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const readme = read('README.md');

/** The first column of the table below a heading, as the names in code that stand there. */
function firstColumn(heading: string): string[] {
  const chapter = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const cells = [...chapter.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

test('the example in the README is the one that is tested', () => {
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  expect(code).toBe(read('docs/examples/tidemark.config.ts'));
});

test('a connector in ten minutes takes no more than 80 lines', () => {
  const chapter = /^## A connector in ten minutes\n(.*?)^## /ms.exec(readme)?.[1] ?? '';
  expect(chapter).toContain('defineEntity');
  expect(chapter.split('\n').length).toBeLessThanOrEqual(80);
});

test.each(files)('%s links to what there is', (file) => {
  const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target);
  for (const target of links) expect([target, existsSync(join(root, dirname(file), target))]).toEqual([target, true]);
});

test.each(files)('%s names files that there are', (file) => {
  const named = [...read(file).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|sql|json))`/g)].map(([, name = '']) => name);
  const ours = named.filter((name) => existsSync(join(root, name.split('/')[0] ?? '')));
  for (const name of ours) expect([name, existsSync(join(root, name))]).toEqual([name, true]);
});

test('the variables in the README are read', () => {
  const variables = firstColumn('Configuration');
  expect(variables).toContain('DATABASE_URL');
  const unknown = variables.filter((name) => !/^TEMPORAL_|^TIDEMARK_SECRET_/.test(name));
  for (const name of unknown) expect(environmentVariables).toContain(name);
});

test('the glossary defines no word twice', () => {
  const words = [...read('docs/glossary.md').matchAll(/^\| ([^|]+?) \|/gm)].map(([, word = '']) => word);
  const defined = words.filter((word) => word !== 'word' && word !== '---').flatMap((word) => word.split(', '));
  expect(defined).toContain('watermark');
  expect(defined.filter((word, index) => defined.indexOf(word) !== index)).toEqual([]);
});

test('the README and --help lead to the glossary', () => {
  expect(readme).toContain('](docs/glossary.md)');
  expect(read('clients/cli/program.ts')).toContain('docs/glossary.md');
});
