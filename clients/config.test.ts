import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, temporaryFolder } from '../test/support/cli/cli';
import { loadConfig, registeredConnector } from './config';

const entity = `defineEntity({
  name: 'things', row: z.object({ title: z.string() }), key: 'id',
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  listings: { all: { path: '/things', records: 'data', paging: { scheme: 'none' } } },
  supportsWebhooks: false, map: (record: JsonObject) => ({ title: label(String(record.title)) }),
})`;
const connector = (name: string) => `defineConnector({
  name: '${name}', settings: z.object({ baseUrl: z.url() }), secrets: z.object({ apiToken: z.string() }),
  auth: { scheme: 'bearer', token: 'apiToken' }, entities: [${entity}],
})`;
const head = `import { defineConfig, defineConnector, defineEntity, type JsonObject } from 'tidemark';
import { z } from 'zod';
import { label } from './label';
`;

/** A project without node_modules: neither tidemark nor zod is installed there. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  const all = { 'label.ts': 'export const label = (text: string): string => text.trim();\n', ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return folder;
}

test('without a config the bundled connectors are there', async () => {
  const config = await loadConfig(temporaryFolder());
  expect(config.file).toBeUndefined();
  expect(config.connectors.map(({ name }) => name)).toEqual(['planning_center', 'service_titan', 'mariana_tek']);
});

test('of the bundled connectors only those that are asked for are loaded; a config file has all of its own', async () => {
  const named = async (folder: string, among: readonly string[]) =>
    (await loadConfig(folder, undefined, among)).connectors.map(({ name }) => name);
  expect(await named(temporaryFolder(), ['service_titan', 'shop'])).toEqual(['service_titan']);
  expect(await named(temporaryFolder(), [])).toEqual([]);
  const folder = project({
    'tidemark.config.ts': `${head}export default defineConfig({ connectors: [${connector('shop')}] });`,
  });
  expect(await named(folder, ['service_titan'])).toEqual(['shop']);
});

test('a .ts config of a user is loaded, with its own files, tidemark, zod and the bundled connectors', async () => {
  const text = `${head}import { planningCenter } from 'tidemark/connectors/planning-center';
export default defineConfig({ connectors: [planningCenter, ${connector('shop')}] });`;
  const folder = project({ 'tidemark.config.ts': text });
  const { file, connectors } = await loadConfig(folder);
  expect(file).toBe(join(folder, 'tidemark.config.ts'));
  expect(connectors.map(({ name }) => name)).toEqual(['planning_center', 'shop']);
  expect(connectors[1]?.entities.get('things')?.columns).toEqual([{ name: 'title', type: 'text' }]);
});

test('on plain Node, by the built command, the same', async () => {
  const folder = project({
    'tidemark.config.ts': `${head}export default defineConfig({ connectors: [${connector('shop')}] });`,
  });
  const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none', OAUTH_ENCRYPTION_KEY: 'ab'.repeat(32) };
  // the worker loads its config before it asks for the database
  const wrong = await runCli(['worker', '--config', 'nothing.ts'], { cwd: folder, env });
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain(`There is no file ${join(folder, 'nothing.ts')}, which --config names`);
  const right = await runCli(['worker'], { cwd: folder, env });
  expect(right.stderr).toContain('PostgreSQL cannot be reached');
  expect(right.status).toBe(1);
});

test.each([
  ['js', "const { defineConfig } = require('tidemark'); module.exports = defineConfig({ connectors: [pc] });"],
  ['cjs', "const { defineConfig } = require('tidemark'); module.exports = defineConfig({ connectors: [pc] });"],
  ['mjs', "import { defineConfig } from 'tidemark'; export default defineConfig({ connectors: [pc] });"],
])('a .%s config is found', async (extension, text) => {
  const source = text.replace(
    /^/,
    extension === 'mjs'
      ? "import { planningCenter as pc } from 'tidemark/connectors/planning-center';"
      : "const { planningCenter: pc } = require('tidemark/connectors/planning-center');",
  );
  const folder = project({ [`tidemark.config.${extension}`]: source });
  const { file, connectors } = await loadConfig(folder);
  expect(file).toBe(join(folder, `tidemark.config.${extension}`));
  expect(connectors).toHaveLength(1);
});

test.each([
  [
    'a wrong definition',
    `${head}\nexport default defineConfig({ connectors: [${connector('shop').replace("token: 'apiToken'", "token: 'nope'")}] });`,
    /tidemark\.config\.ts:\d+: The definition has a mistake:\n {2}shop\.auth\.token: there is no secret named 'nope'/,
  ],
  [
    'a wrong entity',
    `${head}\nexport default defineConfig({ connectors: [${connector('shop').replace("key: 'id',", 'key: 7,')}] });`,
    /tidemark\.config\.ts:\d+: The definition has a mistake:\n {2}things\.key: must be a path/,
  ],
  ['a syntax error', 'export default {\n', /tidemark\.config\.ts:\d+: ParseError/],
  [
    'an import that is not there',
    "import x from './missing';\nexport default x;",
    /tidemark\.config\.ts:1: Cannot find module '\.\/missing'/,
  ],
  ['something thrown', "\n\nthrow new Error('boom');", /tidemark\.config\.ts:3: boom$/],
  ['no default export', 'export const other = 3;', /it has no default export with connectors/],
  [
    'a connector of another make',
    'export default { connectors: [{ name: "x" }] };',
    /connectors\.0 is not what defineConnector returns/,
  ],
  ['no connector at all', 'export default { connectors: [] };', /connectors must be a list of at least one/],
  [
    'the same twice',
    `${head}\nconst shop = ${connector('shop')};\nexport default { connectors: [shop, shop] };`,
    /connectors\.1: 'shop' is registered twice/,
  ],
])('%s is told with its place', async (_what, text, message) => {
  const folder = project({ 'tidemark.config.ts': text });
  await expect(loadConfig(folder)).rejects.toMatchObject({ type: 'Usage', message: expect.stringMatching(message) });
});

test('a folder of that name is not taken for a config that says nothing', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'tidemark.config.ts'));
  await expect(loadConfig(folder)).rejects.toMatchObject({ type: 'Usage' });
});

test('an unknown connector is answered with those there are', async () => {
  const config = await loadConfig(temporaryFolder());
  expect(registeredConnector(config, 'planning_center').name).toBe('planning_center');
  expect(() => registeredConnector(config, 'planing_center')).toThrow(/Did you mean 'planning_center'\?/);
});
