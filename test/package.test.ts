import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
