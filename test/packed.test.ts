import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { atEnd, testDatabase, testTemporal } from './environment';
import { assertBuilt, temporaryFolder } from './support/cli/cli';
import { json, startSource } from './support/sources/httpSource';

/** The package as another repository uses it: packed, installed by npm in a folder of its own, started from there. */
const root = join(__dirname, '..');
const run = promisify(execFile);
const manifest = z.looseObject({ version: z.string(), dependencies: z.record(z.string(), z.string()) });
const lockFile = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional(), devOptional: z.boolean().optional() })),
});
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));

const folder = temporaryFolder();
const tidemark = join(folder, 'node_modules', '.bin', 'tidemark');

beforeAll(async () => {
  assertBuilt();
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  install();
  // PostgreSQL's programs are optional, and the test has a server
  const options = ['--ignore-scripts', '--omit=optional', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['ci', ...options], { cwd: folder });
}, 600_000);

/**
 * With the versions of our own lock file, so that what is installed does not depend on the day, and comes from npm's cache
 * where `npm ci` has been before.
 */
function install(): void {
  const { version, dependencies, overrides } = manifest.parse(read('package.json'));
  const { packages } = lockFile.parse(read('package-lock.json'));
  const resolved = `file:tidemark-${version}.tgz`;
  const needed = Object.entries(packages).filter(([at, { dev, devOptional }]) => at !== '' && !dev && !devOptional);
  const project = { name: 'church', dependencies: { tidemark: resolved }, overrides };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...project }));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      name: project.name,
      lockfileVersion: 3,
      packages: {
        '': project,
        'node_modules/tidemark': { version, resolved, dependencies, bin: { tidemark: 'dist/clients/cli/main.js' } },
        ...Object.fromEntries(needed),
      },
    }),
  );
}

test('init writes a config that the editor understands, and never over one that is there', async () => {
  const { stdout } = await run(tidemark, ['init', '--json'], { cwd: folder });
  const files = ['tidemark.config.ts', 'tsconfig.json'].map((file) => join(folder, file));
  expect(JSON.parse(stdout)).toEqual({ files });
  const written = readFileSync(join(folder, 'tidemark.config.ts'), 'utf8');
  await expect(run(tidemark, ['init'], { cwd: folder })).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('tidemark.config.ts already'),
  });
  expect(readFileSync(join(folder, 'tidemark.config.ts'), 'utf8')).toBe(written);

  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['-p', '.'], { cwd: folder });
  // and it sees mistakes
  writeFileSync(join(folder, 'wrong.ts'), written.replace("kind: 'instant'", "kind: 'instnat'"));
  await expect(run(tsc, ['-p', '.'], { cwd: folder })).rejects.toMatchObject({
    stdout: expect.stringMatching(/wrong\.ts.*'"instnat"'/),
  });
}, 300_000);

/** What an author's own package may export, without naming a type of ours. */
const authorsPackage = `
import { compositeKey, defineConfig, defineConnector, defineEntity, SkipRecord, TidemarkError } from 'tidemark';
import type { AuthInput, ConnectorInput, ErrorType, ListingInput, PagingInput } from 'tidemark';
import { z } from 'zod';
export const key = compositeKey(['number'], ['phone', 'name']);
export const things = defineEntity({
  name: 'things', key, deltaSyncField: { name: 'updated_at', kind: 'instant' }, supportsWebhooks: false,
  row: z.object({ name: z.string() }),
  map: (record) => { if (record.test === true) throw new SkipRecord('a test'); return { name: String(record.name) }; },
  listings: { all: { path: '/things', paging: { scheme: 'none' } } },
});
export const shop = defineConnector({
  name: 'shop', settings: z.object({ baseUrl: z.url() }), secrets: z.object({ token: z.string() }),
  auth: { scheme: 'bearer', token: 'token' }, entities: [things],
});
export const entities = shop.entities;
export const { auth, rateLimit, webhooks, headers } = shop;
export const { listings, schedule, deletionGuard, columns, deltaSyncField } = things;
export const paging = listings.all.paging;
export const error = new TidemarkError('Usage', 'wrong');
export const { type, recovery } = error;
export const parts = (auth: AuthInput, listing: ListingInput, paging: PagingInput, type: ErrorType) => ({ auth, listing, paging, type });
export const input = (one: ConnectorInput<z.ZodObject, z.ZodObject>) => one;
export default defineConfig({ connectors: [shop] });
`;

test('an author publishes a connector with its declarations: every type has a name that a package can import', async () => {
  const own = join(folder, 'own');
  mkdirSync(own);
  writeFileSync(join(own, 'index.ts'), authorsPackage);
  const compilerOptions = {
    ...{ strict: true, module: 'node20', target: 'es2023', declaration: true, types: [], outDir: 'dist', rootDir: '.' },
  };
  writeFileSync(join(own, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['index.ts'] }));
  await run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', '.'], { cwd: own });
  const declared = readFileSync(join(own, 'dist', 'index.d.ts'), 'utf8');
  expect(declared).toContain('things: import("tidemark").Entity');
  expect(declared).not.toMatch(/node_modules|dist\/schema/);
}, 300_000);

test('up connects the example and syncs it, from the installed package alone', async () => {
  const [database, temporal] = await Promise.all([testDatabase(), testTemporal()]);
  const issues = [1, 2, 3].map((number) => ({
    ...{ number, title: `Issue ${number}`, state: 'open', user: { login: 'ada' } },
    updated_at: `2026-01-0${number}T00:00:00Z`,
  }));
  const source = await startSource((_request, response, { pathname, searchParams }) => {
    if (pathname !== '/repos/temporalio/samples-typescript/issues') return json(response, {}, 404);
    const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('per_page'))];
    return json(response, issues.slice((page - 1) * size, page * size));
  });
  atEnd(() => source.close());
  const config = join(folder, 'tidemark.config.ts');
  const text = readFileSync(config, 'utf8');
  expect(text).toContain('https://api.github.com');
  writeFileSync(config, text.replace('https://api.github.com', source.baseUrl));

  const up = spawn(tidemark, ['up', '--json'], {
    cwd: folder,
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', OAUTH_ENCRYPTION_KEY: 'ab'.repeat(32) },
      ...{ DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => up.on('close', resolve));
  atEnd(async () => {
    up.kill('SIGKILL');
    await ended;
  });
  let said = '';
  up.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const document = await new Promise<string>((resolve, reject) => {
    let output = '';
    up.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.endsWith('\n}\n')) resolve(output);
    });
    ended.then((status) => reject(new Error(`up ended with ${status}: ${said}`)), reject);
  });
  expect(JSON.parse(document)).toMatchObject({
    firstSync: [{ connectionId: 'github', entity: 'issues', outcome: 'succeeded', counts: { inserted: 3 } }],
  });
  expect(await database.query('select external_id, title, author from github_issues order by 1')).toEqual(
    issues.map(({ number, title }) => ({ external_id: String(number), title, author: 'ada' })),
  );
  up.kill('SIGTERM');
  expect(await ended).toBe(0);
}, 300_000);
