import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { z } from 'zod';

const root = join(__dirname, '..');
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));

const names = z.record(z.string(), z.string()).default({});
const lock = z.object({
  packages: z.record(z.string(), z.looseObject({ dependencies: names, optionalDependencies: names })),
});
const manifest = z.looseObject({
  files: z.array(z.string()),
  main: z.string(),
  types: z.string(),
  bin: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.string()),
});

test('the lock file has every package of every platform, without which `npm ci` refuses it', () => {
  const { packages } = lock.parse(read('package-lock.json'));
  const missing = Object.entries(packages).flatMap(([where, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !found(packages, where, name)),
  );
  expect(missing).toEqual([]);
});

/** As Node looks for it: beside the package that asks, then further up. */
function found(packages: Readonly<Record<string, unknown>>, where: string, name: string): boolean {
  for (let at = where; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in packages) return true;
    if (at === '') return false;
  }
}

test('what the package promises is made from a source that there is', () => {
  const { main, types, bin, exports } = manifest.parse(read('package.json'));
  for (const path of [main, types, ...Object.values(bin), ...Object.values(exports)]) {
    const source = path.replace(/^(\.\/)?dist\//, '').replace(/(\.d)?\.[jt]s$/, '.ts');
    expect(existsSync(join(root, source))).toBe(true);
  }
});

test('what the packed documents link to is in the package', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ files }] = z
    .tuple([z.looseObject({ files: z.array(z.looseObject({ path: z.string() })) })])
    .parse(JSON.parse(output));
  const packed = files.map(({ path }) => path);
  const documents = packed.filter((path) => path.endsWith('.md'));
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/definitions.md', 'docs/glossary.md']));
  const broken = documents.flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].flatMap(
      ([, target = '']) => {
        const path = posix.join(posix.dirname(document), target);
        return packed.some((one) => one === path || one.startsWith(`${path}/`)) ? [] : [`${document}: ${target}`];
      },
    ),
  );
  expect(broken).toEqual([]);
});
